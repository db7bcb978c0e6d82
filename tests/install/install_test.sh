#!/usr/bin/env bash
# What ohmic installs is enough to build against and to run.
# Usage: install_test.sh BUILD_FOLDER CXX_COMPILER
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$1" --prefix "$work/prefix" >"$work/log" || { cat "$work/log"; exit 1; }

# Each header that was installed, read from there: what it includes is installed too.
headers=$work/prefix/include/ohmic
find "$headers" -name '*.hpp' -printf '#include "%P"\n' | LC_ALL=C sort >"$work/headers.cpp"
"$2" -std=c++20 -fsyntax-only -I "$headers" "$work/headers.cpp"

cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$2" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/build"
printed=$("$work/build/consumer") || { echo "the consumer failed with status $?"; exit 1; }
echo "$printed"
pattern='^ohmic [0-9.]+, LibTorch .*: G\+ =( -?[0-9.]+){4} uS$'
[[ $printed =~ $pattern ]] || { echo "that is not what it should print"; exit 1; }
"$work/prefix/bin/ohmic" --version
[[ $(XDG_CACHE_HOME=$work "$work/prefix/share/ohmic/candidates" "$work/prefix/bin/ohmic" bu) == budget ]]
! command -v help2man >/dev/null || grep -q 'SH "OHMIC BUDGET"' "$work/prefix/share/man/man1/ohmic.1"

# The examples of docs/, as their page says.
cmake -S "$here/../../docs/examples" -B "$work/examples" -G Ninja -DCMAKE_CXX_COMPILER="$2" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/examples"
network=$here/../../experiments/your_network
[[ $("$work/examples/example_crossbar") == "y = "* ]]
[[ $("$work/examples/example_own_network" "$network") == "accuracy 0."* ]]
[[ $("$work/examples/example_own_device") == "chip 0: y = "* ]]
[[ $("$work/examples/example_budget" "$network") == "tolerated up to "* ]]

# The plug-in of docs/, as its README says.
cmake -S "$here/../../docs/plugin" -B "$work/plugin" -G Ninja -DCMAKE_CXX_COMPILER="$2" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/plugin"
plugin=$work/plugin/lognormal.so
"$work/prefix/bin/ohmic" describe lognormal --plugin "$plugin" | grep -q '^ *s '
"$work/prefix/bin/ohmic" --plugin "$plugin" list devices | grep -q '^  lognormal '
