#!/usr/bin/env bash
# Every figure of docs/figures/devices/ is one that its program draws of the models that there are.
# Usage: device_figures_test.sh DEVICE_FIGURES
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
command -v gnuplot >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" "$work"
shown=$(ls "$root/docs/figures/devices")
[[ -n $shown ]]
for figure in $shown; do
  grep -q '<svg' "$work/$figure" || { echo "$figure is not drawn: device_figures docs/figures/devices"; exit 1; }
done
