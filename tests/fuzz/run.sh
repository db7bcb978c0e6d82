#!/usr/bin/env bash
# Runs the readers' targets of a build for some seconds each, as many at once as there are
# processors, and says how many inputs each has seen. An input that fails is kept.
#
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]     0 seconds: names the targets
#
# With libFuzzer (BUILD/tests/ohmic_fuzz) what was learnt stays in BUILD/corpus and is where the next
# run goes on; inputs that fail are in BUILD/found. Without it (BUILD/tests/fuzz_tests) every run
# goes on from the number that OHMIC_FUZZ_FIRST says.
set -euo pipefail
build=$(cd -P -- "$1" && pwd) seconds=$2
shift 2
# A reader that asks for more than a gibibyte, or takes more than four, is a finding.
export ASAN_OPTIONS=max_allocation_size_mb=1024:hard_rss_limit_mb=4096:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
export OMP_NUM_THREADS=1
export build seconds

names() {
  if [[ -x $build/tests/ohmic_fuzz ]]; then
    OHMIC_FUZZ_TARGET='' "$build/tests/ohmic_fuzz"
  else
    "$build/tests/fuzz_tests" --gtest_list_tests | sed -n 's/^  //p'
  fi
}

with_libfuzzer() {
  local corpus=$build/corpus/$1 found=$build/found/$1
  mkdir -p "$corpus" "$found"
  OHMIC_FUZZ_TARGET=$1 OHMIC_FUZZ_WRITE=$corpus/of-target "$build/tests/ohmic_fuzz"
  mkdir -p "$corpus/learnt"
  local words=()
  [[ ! -s $corpus/of-target/words ]] || words=("-dict=$corpus/of-target/words")
  OHMIC_FUZZ_TARGET=$1 "$build/tests/ohmic_fuzz" "$corpus/learnt" "$corpus/of-target/seeds" \
    "${words[@]}" -max_total_time="$seconds" -max_len=16384 -timeout=30 \
    -rss_limit_mb=4096 -malloc_limit_mb=1024 -artifact_prefix="$found/" -print_final_stats=1 \
    >"$build/$1.log" 2>&1
}

with_numbers() {
  OHMIC_FUZZ_SECONDS=$seconds "$build/tests/fuzz_tests" --gtest_filter="Fuzz.$1" \
    >"$build/$1.log" 2>&1
}

run_one() {
  local how=with_numbers
  [[ ! -x $build/tests/ohmic_fuzz ]] || how=with_libfuzzer
  if $how "$1"; then
    sed -nE "s/^stat::number_of_executed_units: +([0-9]+)/$1: \1 inputs/; /^$1: /p" "$build/$1.log"
  else
    printf '%s: FAILED, see %s\n' "$1" "$build/$1.log"
    tail -n 40 "$build/$1.log"
    return 1
  fi
}
export -f with_libfuzzer with_numbers run_one

if ((seconds == 0)); then
  names
  exit
fi
{ (($#)) && printf '%s\n' "$@" || names; } | xargs -P "$(nproc)" -I NAME bash -c 'run_one NAME'
