#!/bin/bash
# All sources are as clang-format writes them. To repair: clang-format-14 -i <file>
source "$(dirname "$0")/lib/common.sh"
need clang-format-14
find lib include tests examples -name '*.[ch]' | sort |
    xargs clang-format-14 --dry-run -Werror
