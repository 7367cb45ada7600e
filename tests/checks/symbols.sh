#!/bin/bash
# The library without lib/heap needs five functions from outside and nothing else, and
# defines no global name that is not ours: it can be linked where there is no libc.
source "$(dirname "$0")/lib/common.sh"
need gcc nm

allowed='memcpy memmove memset memcmp memchr'

for level in -O0 -Os -O2; do
    compile_core "$work/$level" gcc $level -fno-pic -fno-pie -fno-stack-protector \
        -fno-tree-loop-distribute-patterns  # as lib/CMakeLists.txt does
    archive=$work/$level/libcore.a
    for name in $(undefined_in "$archive" nm); do
        case " $allowed " in
        *" $name "*) ;;
        *) fail "$level: $name is needed from outside" ;;
        esac
    done
    # A static archive has no visibility: every global name is in the program's way.
    for name in $(nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }'); do
        case $name in
        mailproto_[a-z]* | mailproto__[a-z]*) ;;
        *) fail "$level: the global name $name" ;;
        esac
    done
done
echo "$(nm -g --defined-only "$archive" | grep -c ' [TR] ') global names;" \
    "from outside: $(undefined_in "$archive" nm | tr '\n' ' ')"
exit $failed
