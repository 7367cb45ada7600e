#!/bin/bash
# Each public header compiles alone, twice in one file, as C99, C11 and C++11, and what
# the preprocessor leaves of it needs no macro (bindings read that).
source "$(dirname "$0")/lib/common.sh"
need gcc g++

compilers='gcc g++'
if command -v clang-14 >/dev/null; then
    compilers+=' clang-14 clang++-14'
fi
count=0
for header in include/mailproto/*.h; do
    name=${header#include/}
    printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$work/one.c"
    cp "$work/one.c" "$work/one.cc"
    for compiler in $compilers; do
        case $compiler in
        *++*) modes='c++11 c++17' source=$work/one.cc extra= ;;
        gcc) modes='c99 c11' source=$work/one.c extra=-Wc++-compat ;;
        *) modes='c99 c11' source=$work/one.c extra= ;;
        esac
        for mode in $modes; do
            count=$((count + 1))
            "$compiler" -std=$mode -Wall -Wextra -Wpedantic -Wundef -Werror $extra \
                -Iinclude -fsyntax-only "$source" || fail "$name: $compiler -std=$mode"
        done
    done
    gcc -std=c99 -E -P -DMAILPROTO_API= -Iinclude "$header" >"$work/plain.c"
    gcc -std=c99 -pedantic-errors -fsyntax-only "$work/plain.c" ||
        fail "$name: does not compile after the preprocessor"
    if grep -n 'MAILPROTO_API\|__attribute__\|__declspec' "$work/plain.c"; then
        fail "$name: leaves compiler extensions after the preprocessor"
    fi
done
echo "$count compilations"
exit $failed
