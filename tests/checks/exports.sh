#!/bin/bash
# The shared library exports what the public headers declare, no more and no less.
source "$(dirname "$0")/lib/common.sh"
need nm gcc

library=$build_dir/lib/libmailproto.so
if [ ! -e "$library" ]; then
    echo "skipped: no shared library in $build_dir"
    exit 77
fi
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    sort -u >"$work/exported"
# One declaration after another, as the compiler sees them.
for header in include/mailproto/*.h; do
    gcc -std=c99 -E -P -Iinclude -DMAILPROTO_API=MAILPROTO_API "$header"
done | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*MAILPROTO_API[^(]*[ *]\(mailproto_[a-z0-9_]*\) *(.*/\1/p' |
    sort -u >"$work/declared"

for name in $(grep -v '^mailproto_[a-z]' "$work/exported" || true); do
    fail "$name is exported"
done
for name in $(comm -13 "$work/declared" "$work/exported"); do
    fail "$name is exported and not declared in a public header"
done
for name in $(comm -23 "$work/declared" "$work/exported"); do
    fail "$name is declared and not exported"
done
echo "$(wc -l <"$work/exported") exports, $(wc -l <"$work/declared") declarations"
exit $failed
