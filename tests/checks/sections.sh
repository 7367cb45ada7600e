#!/bin/bash
# No writable data in any object: many engines, many threads, code and tables in flash.
source "$(dirname "$0")/lib/common.sh"
need gcc readelf

# writable <object> <exceptions>: sections with flag W that are not empty.
writable() {
    readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' |
        awk -v except="$2" '$7 ~ /W/ && $5 !~ /^0+$/ && $1 !~ except { print $1 }'
}

compile_core "$work/static" gcc -O2 -fno-pic -fno-pie -fno-stack-protector
compile_core "$work/shared" gcc -O2 -fPIC
while read -r object; do
    # Position independent tables of pointers are written once, by the loader.
    case $object in
    "$work"/shared/*) except='^\.data\.rel\.ro' ;;
    *) except='^$' ;;
    esac
    for section in $(writable "$object" "$except"); do
        fail "${object#"$work"/} has a writable section $section"
    done
done < <(find "$work" -name '*.o')
echo "$(find "$work" -name '*.o' | wc -l) objects looked at"
exit $failed
