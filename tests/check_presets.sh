#!/usr/bin/env bash
# Every preset of CMakePresets.json configures, and ninja can read what comes out of it.
# Usage: check_presets.sh CMAKE [arguments for CMake]...
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
cmake=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export PATH=$PATH:/usr/local/cuda/bin

mapfile -t presets < <("$cmake" --list-presets | sed -n 's/^ *"\([^"]*\)".*/\1/p')
((${#presets[@]} > 0)) || { echo "no presets are listed"; exit 1; }
failed=0
for preset in "${presets[@]}"; do
  if [[ $preset == cuda ]] && ! command -v nvcc >/dev/null; then
    echo "$preset: not checked, there is no CUDA toolkit (nvcc)"
    continue
  fi
  if "$cmake" --preset "$preset" -B "$folder/$preset" "$@" >"$folder/log" 2>&1 &&
    ninja -C "$folder/$preset" -t rules >>"$folder/log" 2>&1; then
    echo "$preset: configured"
  else
    echo "$preset: FAILED"
    tail -n 20 "$folder/log"
    failed=1
  fi
  rm -rf "${folder:?}/$preset"
done
exit "$failed"
