# Sourced by the checks. Each runs by itself: tests/checks/x.sh [build folder].
set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
build_dir=${1:-${MAILPROTO_BUILD:-$source_dir/build/release}}
mkdir -p "$build_dir"
build_dir=$(cd "$build_dir" && pwd)
work=$build_dir/checks/$(basename "$0" .sh)
rm -rf "$work"
mkdir -p "$work"
cd "$source_dir"

failed=0
fail() {
    echo "FAIL: $*"
    failed=1
}

# need <command>...: without them the check is skipped (77), said aloud.
need() {
    local tool
    for tool; do
        if ! command -v "$tool" >/dev/null; then
            echo "skipped: $tool is not installed"
            exit 77
        fi
    done
}

# The library without its malloc layer: what firmware links.
core_sources() {
    find lib -name '*.c' -not -path 'lib/heap/*' | sort
}

# compile_core <folder> <compiler> <flag>...: every file to <folder>/lib/x/y.o.
compile_core() {
    local out=$1 file
    shift
    core_sources | while read -r file; do mkdir -p "$out/$(dirname "$file")"; done
    core_sources | xargs -P 2 -I FILE sh -c '
        file=$1 out=$2; shift 2
        exec "$@" -std=c99 -DMAILPROTO_BUILDING -Iinclude -Ilib \
            -fvisibility=hidden -c "$file" -o "$out/${file%.c}.o"
    ' sh FILE "$out" "$@"
    (cd "$out" && find lib -name '*.o' | sort | xargs "${AR:-ar}" rcs libcore.a)
}

# undefined_in <archive> <nm>: what the archive neither defines nor may leave to others.
undefined_in() {
    comm -23 <("$2" -u "$1" | awk 'NF == 2 { print $2 }' | sort -u) \
             <("$2" --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort -u)
}
