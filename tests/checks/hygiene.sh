#!/bin/bash
# What is in the repository speaks of the project alone and is fit to be read anywhere.
source "$(dirname "$0")/lib/common.sh"
need git
git() { command git -c safe.directory='*' "$@"; }  # whoever owns the clone
if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    echo "skipped: not a git work tree"
    exit 77
fi

# The brackets keep these patterns from finding themselves.
if git grep -nI --untracked -E '/wor[k]/|/hom[e]/[a-z]|/roo[t]/|/tm[p]/[a-z]+-' -- .; then
    fail "paths of one machine"
fi
if git grep -nI --untracked -E '[[:space:]]+$' -- '*.[ch]' '*.sh' '*.py' '*.cmake' \
    '*CMakeLists.txt'; then
    fail "blanks at the end of a line"
fi
if git grep -lI --untracked $'\r$' -- '*.[ch]' '*.sh' '*.py' '*.md' '*.json' \
    '*CMakeLists.txt'; then
    fail "CRLF line ends"
fi
while read -r file; do
    if [ -f "$file" ] && [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] && [ ! -x "$file" ]; then
        fail "$file has a #! line and is not executable"
    fi
done < <(git ls-files --cached --others --exclude-standard -- .ci examples tests \
    ':!tests/fuzz/corpus')
# One folder for each thing; a new name at the top is a decision.
customary='CHANGELOG.md|CMakeLists.txt|CMakePresets.json|LICENSE|README.md'
customary+='|\.(ci|clang-format|clang-tidy|gitattributes|gitignore)'
customary+='|docs|examples|include|lib|pkgconfig|tests'
for name in $(git ls-files --cached --others --exclude-standard | cut -d/ -f1 | sort -u |
    grep -vxE "$customary" || true); do
    fail "$name at the top level"
done
exit $failed
