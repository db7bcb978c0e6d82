#!/usr/bin/env bash
# Every header of ours compiles by itself. A header that is the first include of its own source file
# is proven by the build; the others are compiled here, each alone.
# Usage: check_headers.sh CXX_COMPILER [FLAGS...]
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
find simulator devices mapping nn experiments -name '*.hpp' | while read -r header; do
  first=$(grep -m1 '^#include' "${header%.hpp}.cpp" 2>/dev/null || true)
  [[ $first == "#include \"$header\"" ]] || printf '%s\0' "$header"
done | xargs -0 -P "$(nproc)" -I{} \
  "$@" -std=c++20 -fsyntax-only -Wall -Wextra -I. -include {} -x c++ /dev/null
