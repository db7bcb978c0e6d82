#!/usr/bin/env bash
# The manual becomes a site that needs no network, and a link that leads nowhere stops it.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! "$root/docs/site/build" "$work/site" >"$work/log" 2>&1; then
  cat "$work/log"
  ! grep -q '^Sphinx builds the site' "$work/log" || exit 77
  exit 1
fi
[[ -s $work/site/index.html && -s $work/site/searchindex.js ]]
grep -q 'id="pcm-phase-change' "$work/site/docs/devices.html"
if grep -rnoE '<(script|link|img|iframe)[^>]*(src|href)="(https?:)?//[^"]*"|@import[^;]*;' "$work/site" \
  --include=*.html --include=*.css; then
  echo "the pages above ask for what is not in the site"
  exit 1
fi

# Equations are drawn by what is in the site, and no other page took a sign of money for one.
devices=$work/site/docs/devices.html
[[ $(grep -c '^<div class="math notranslate' "$devices") == $(grep -c '^```math' "$root/docs/devices.md") ]]
[[ $(grep -rl --include=*.html 'class="math' "$work/site") == "$devices" ]]
grep -oE '_static/mathjax/[^"?]*' "$devices" | while read -r script; do [[ -s $work/site/$script ]]; done

mkdir "$work/copy"
cp -r "$root"/{*.md,docs,experiments,devices,simulator,nn} "$work/copy"
links=(missing.md ../missing.toml running.md#missing ../CONTRIBUTING.md#missing missing/)
printf '\n[text](%s)\n' "${links[@]}" >>"$work/copy/docs/report.md"
if "$work/copy/docs/site/build" "$work/copied" >"$work/log" 2>&1; then
  echo "links that lead nowhere were let through"
  exit 1
fi
for link in "${links[@]}"; do
  grep -q "report.md.*$link" "$work/log" || { echo "not refused: $link"; cat "$work/log"; exit 1; }
done
