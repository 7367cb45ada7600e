#!/bin/bash
# clang-tidy over the library, without a finding (.clang-tidy says what it looks for).
source "$(dirname "$0")/lib/common.sh"
need clang-tidy-14
find lib -name '*.c' | sort | xargs -P 2 -I FILE clang-tidy-14 --quiet FILE -- \
    -std=c99 -DMAILPROTO_BUILDING -Iinclude -Ilib
