#!/usr/bin/env bash
# check_layers.sh passes a clean tree and names each kind of breach.
set -euo pipefail
check=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/check_layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{simulator,devices,mapping,nn,experiments,tests} "$tree"/experiments/{study,report,paper,commands,other}
touch "$tree"/{simulator,devices,mapping,nn,experiments,tests}/part.hpp
touch "$tree"/experiments/{study,report,paper}/part.hpp

# expect MESSAGE FILE LINES...: a file with these lines is refused with this message ("": accepted).
expect() {
  local message=$1 file=$2 said status=0
  printf '%s\n' "${@:3}" >"$tree/$file"
  said=$("$check" "$tree") || status=$?
  rm "$tree/$file"
  if [[ -z $message && $status == 0 && -z $said ]]; then return; fi
  if [[ -n $message && $status != 0 && $said == *"$message"* ]]; then return; fi
  printf 'FAILED: %s with %s\n  expected: %s\n  said (%s): %s\n' "$file" "${*:3}" "$message" \
    "$status" "$said"
  exit 1
}

expect "" simulator/a.hpp '#include <vector>' '#include "simulator/part.hpp"'
expect "" devices/a.cpp '#include "simulator/part.hpp"'
expect "" nn/a.cpp '#include <torch/torch.h>' '#include "mapping/part.hpp"'
expect "" experiments/a.cpp '#include "nn/part.hpp"' '#include <fmt/format.h>'
expect "simulator/ must not include devices/" simulator/a.hpp '#include "devices/part.hpp"'
expect "mapping/ must not include devices/" mapping/a.hpp '  #  include "devices/part.hpp"'
expect "devices/ must not include mapping/" devices/a.cpp '#include "mapping/part.hpp"'
expect "nn/ must not include experiments/" nn/a.cpp '#include <experiments/part.hpp>'
expect "experiments/ must not include tests/" experiments/a.cpp '#include "tests/part.hpp"'
expect "nn/a.hpp:1: LibTorch is only" nn/a.hpp '#include <torch/torch.h>'
expect "LibTorch is only" experiments/a.cpp '#include <ATen/ATen.h>'
expect "do not link" nn/a.cpp '#include <torch/torch.h>' '#include <fmt/core.h>'
expect "not written from the root" nn/a.cpp '#include "part.hpp"'
expect "does not exist" nn/a.cpp '#include "nn/missing.hpp"'
expect "" experiments/commands/a.cpp '#include "experiments/paper/part.hpp"'
expect "" experiments/paper/a.cpp '#include "experiments/report/part.hpp"'
expect "experiments/report/ must not include experiments/paper/" experiments/report/a.cpp \
  '#include "experiments/paper/part.hpp"'
expect "experiments/study/ must not include experiments/report/" experiments/study/a.hpp \
  '#include "experiments/report/part.hpp"'
expect "experiments/other/ has no arrows" experiments/other/a.cpp \
  '#include "experiments/study/part.hpp"'
printf '%s\n' 'namespace ohmic {' 'struct Twice {' >"$tree"/devices/part.hpp
expect "simulator/a.hpp:2: Twice is another type in devices/part.hpp:2" simulator/a.hpp \
  'namespace ohmic {' 'class Twice : public Other {'
expect "" simulator/a.hpp '#include <vector>' 'namespace ohmic::cpu {' 'struct Twice {'
echo "21 cases passed"
