#!/bin/bash
# The library without lib/heap compiles for a Cortex-M0 with no C library, and says how
# much flash each part takes (code and constants, bytes).
source "$(dirname "$0")/lib/common.sh"
need arm-none-eabi-gcc arm-none-eabi-nm arm-none-eabi-size

AR=arm-none-eabi-ar compile_core "$work/m0" arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb \
    -ffreestanding -Os -ffunction-sections -fdata-sections -Wall -Wextra -Werror

# Of the compiler's own helpers only these: 64-bit arithmetic, division, switch tables.
allowed=' memcpy memmove memset memcmp memchr
  __aeabi_idiv __aeabi_idivmod __aeabi_uidiv __aeabi_uidivmod __aeabi_lmul
  __aeabi_ldivmod __aeabi_uldivmod __aeabi_llsl __aeabi_llsr __aeabi_lasr
  __aeabi_lcmp __aeabi_ulcmp
  __gnu_thumb1_case_sqi __gnu_thumb1_case_uqi __gnu_thumb1_case_shi
  __gnu_thumb1_case_uhi __gnu_thumb1_case_si '
for name in $(undefined_in "$work/m0/libcore.a" arm-none-eabi-nm); do
    if ! grep -qw -- "$name" <<<"$allowed"; then
        fail "$name is needed from outside"
    fi
done

# Text of size(1) is code and constants together.
cd "$work/m0"
find lib -name '*.o' | sort | xargs arm-none-eabi-size | awk '
    NR > 1 && $6 ~ /\.o$/ {
        split($6, path, "/")
        part = path[2]
        if (path[3] ~ /^(client|server)/) part = part " " substr(path[3], 1, 6)
        bytes[part] += $1
        total += $1
    }
    END {
        for (part in bytes) printf "%-14s %6d\n", part, bytes[part] | "sort"
        close("sort")
        printf "%-14s %6d\n", "all", total
    }'
exit $failed
