#!/usr/bin/env bash
# Tab in bash, zsh and fish: what is offered, and that the program is asked once.
# Usage: completion_test.sh PROGRAM
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
mkdir -p "$work"/{bin,share/ohmic,here/runs} && cd "$work/here"
touch my.toml other.txt net.onnx cells.csv
echo '"device.eta",accuracy,accuracy_lo,accuracy_hi,identity' >runs/results.csv
cp "$root/experiments/shell/candidates" "$work/share/ohmic/"
printf '#!/bin/sh\necho "$*" >>"%s/asked"\nexec "%s" "$@"\n' "$work" "$1" >"$work/bin/ohmic"
chmod +x "$work/bin/ohmic"
PATH=$work/bin:$PATH

# What each shell offers for a line that ends where Tab is pressed, one a line and sorted.
in_bash() {
  bash -c 'compopt() { :; }; source "$1/experiments/shell/ohmic.bash"
    COMP_LINE=$2 COMP_POINT=${#2}; _ohmic ohmic; printf "%s\n" "${COMPREPLY[@]}"' _ "$root" "$1"
}
in_zsh() {  # whose own functions need a terminal
  zsh -f -c 'compadd() { shift ${@[(i)--]}; print -l -- ${(M)@:#$words[CURRENT]*} }
    _files() { print -lr -- *(N/); [[ $1 == -/ ]] || print -lr -- ${~2} }
    setopt null_glob
    words=(${(z)2}); [[ $2 != *" " ]] || words+=("")
    CURRENT=$#words; source $1/experiments/shell/_ohmic' _ "$root" "$1"
}
in_fish() {
  HOME=$work fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
    "$root/experiments/shell/ohmic.fish" "$1" | sed 's/\t.*//'
}

failed=0
expect() {  # SHELL LINE CANDIDATE...
  local said wanted
  said=$("in_$1" "$2" | tr -d '/' | sed '/^$/d' | sort | paste -sd ' ')
  wanted=$(printf '%s\n' "${@:3}" | sort | paste -sd ' ')
  [[ $said == "$wanted" ]] || { printf '%s: "%s": %s\n  not: %s\n' "$1" "$2" "$said" "$wanted"; failed=1; }
}

for shell in bash zsh fish; do
  command -v $shell >/dev/null || { echo "$shell is not installed: not tried"; continue; }
  expect $shell "ohmic b" bench budget
  expect $shell "ohmic run " my.toml runs
  expect $shell "ohmic inspect " net.onnx runs
  expect $shell "ohmic report " runs
  expect $shell "ohmic plot " runs
  expect $shell "ohmic plot runs --x device.eta --y " accuracy device.eta
  expect $shell "ohmic new --device aw" awgn
  expect $shell "ohmic new --data c" cifar10 cifar100
  expect $shell "ohmic new --data f"
  expect $shell "ohmic new --table " cells.csv runs
  expect $shell "ohmic new --model " net.onnx runs
  expect $shell "ohmic run my.toml --on" --only
  expect $shell "ohmic run my.toml --set device.et" device.eta=
  expect $shell "ohmic list d" datasets devices
  expect $shell "ohmic describe aw" awgn
  expect $shell "ohmic describe preset p" paper-awgn pcm-hermes-like
  expect $shell "ohmic data get c" cifar10 cifar100
  values=(rram_cmo rram_milo rram_wan)
  [[ $shell == bash ]] || values=("${values[@]/#/device.model=}")
  expect $shell "ohmic run my.toml --set device.model=rr" "${values[@]}"
done
[[ -z $(sort "$work/asked" | uniq -d) ]] || { echo "asked again:"; sort "$work/asked" | uniq -d; failed=1; }
exit $failed
