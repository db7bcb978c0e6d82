#!/usr/bin/env bash
# tests/gpu/check.sh all, with programs that only pretend: its table says what passed, what failed
# and what was cut off, and is there when the whole is killed.
set -euo pipefail
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OHMIC_GPU_CARRY=$folder/carry OHMIC_GPU_OUT=$folder/out LIBTORCH=$folder
mkdir -p "$OHMIC_GPU_CARRY"/{bin,lib,experiments} "$folder/path"
export PATH=$folder/path:$PATH

fail() { printf 'check_test.sh: %s\n' "$*" >&2; cat "$OHMIC_GPU_OUT/table.md" >&2; exit 1; }

# pretend FILE SECONDS STATUS: a program that takes so long and ends so.
pretend() {
  printf '#!/bin/sh\necho "%s says so"\nsleep %s\nexit %s\n' "${1##*/}" "$2" "$3" >"$1"
  chmod +x "$1"
}
row() { grep -E "^\| $1 \| [0-9]+ \| $2" "$OHMIC_GPU_OUT/table.md" >/dev/null || fail "no row: $1, $2"; }

for program in path/nvidia-smi path/compute-sanitizer carry/bin/{simulator_tests,nn_tests,ohmic_benchmarks}; do
  pretend "$folder/$program" 0 0
done
# One that leaves the files of a run: --out FOLDER is its fourth word.
cat >"$OHMIC_GPU_CARRY/bin/ohmic" <<'PROGRAM'
#!/bin/sh
mkdir -p "$4/training/a" && echo 1 >"$4/training/a/history.csv" && echo 2 >"$4/results.csv"
PROGRAM
chmod +x "$OHMIC_GPU_CARRY/bin/ohmic"

"$here/check.sh" all >/dev/null || fail "all that passes does not pass"
for stage in test memcheck rows short; do row "$stage" passed; done

pretend "$OHMIC_GPU_CARRY/bin/nn_tests" 0 7
! "$here/check.sh" all >/dev/null || fail "a failure passes"
row test 'FAILED \(7\): nn_tests says so'
row short passed

pretend "$OHMIC_GPU_CARRY/bin/nn_tests" 100 0
"$here/check.sh" all >/dev/null & waiting=$!
sleep 2
grep -q '^| test | | begun |$' "$OHMIC_GPU_OUT/table.md" || fail "what has begun is not said"
kill "$waiting"
wait "$waiting" && fail "what was killed passes"

pretend "$OHMIC_GPU_CARRY/bin/nn_tests" 0 0
pretend "$folder/path/compute-sanitizer" 100 0
! OHMIC_GPU_SECONDS=8 "$here/check.sh" all >/dev/null || fail "what was cut off passes"
row test passed
row memcheck 'cut off'
row rows 'not begun: no time left'
row short 'not begun: no time left'
