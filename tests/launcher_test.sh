#!/usr/bin/env bash
# ./ohmic against a small stand-in for the source tree, with stand-ins for apt and dpkg: what it
# installs, what it builds, when it builds, and what it says.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset VIRTUAL_ENV CONDA_PREFIX Torch_DIR CMAKE_PREFIX_PATH OHMIC_BUILD_DIR OHMIC_CMAKE_ARGS OHMIC_NO_INSTALL

tree="$work/a tree"
mkdir -p "$tree"/{simulator,devices,mapping,nn,experiments,tests} "$work/bin" "$work/elsewhere"
cp "$here/../ohmic" "$tree/"
ln -s "$tree/ohmic" "$work/elsewhere/link"
cat >"$tree/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(small LANGUAGES CXX)
add_executable(ohmic experiments/main.cpp)
set_target_properties(ohmic PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/experiments)
enable_testing()
add_test(NAME quick COMMAND ohmic)
add_test(NAME long COMMAND ohmic)
set_tests_properties(long PROPERTIES LABELS slow)
CMAKE
write_program() {
  printf '#include <cstdio>\nint main(int c, char** v) { std::printf("%s", "%s"); for (int i = 1; i < c; ++i) std::printf(" %%s", v[i]); %s }\n' \
    '%s' "$1" "${2:-}" >"$tree/experiments/main.cpp"
}
write_program first

# dpkg-query knows what the file `installed` names; apt-get records its arguments and installs.
cat >"$work/bin/dpkg-query" <<SH
#!/bin/sh
sed 's/\$/ installed/' "$work/installed"
SH
cat >"$work/bin/apt-get" <<SH
#!/bin/sh
echo "\$@" >>"$work/apt"
for name; do case \$name in -*|install|update) ;; *) echo "\$name" >>"$work/installed" ;; esac; done
SH
cat >"$work/bin/sudo" <<'SH'
#!/bin/sh
[ "$1" = --preserve-env=DEBIAN_FRONTEND ] && shift
exec "$@"
SH
chmod +x "$work"/bin/*
export PATH=$work/bin:$PATH
cd "$work/elsewhere"

claims=0
claim() { current=$1 claims=$((claims + 1)); }
fail() { printf 'FAILED: %s\n  %s\n' "$current" "$1"; cat "$work/said" 2>/dev/null; exit 1; }
start() { status=0; out=$(./link "$@" 2>"$work/said") || status=$?; }
says() { grep -qF -- "$1" "$work/said" || fail "did not say: $1"; }

claim "OHMIC_NO_INSTALL prints the command, runs nothing and fails"
: >"$work/installed"
OHMIC_NO_INSTALL=1 start run x.toml
[[ $status != 0 && ! -e $work/apt ]] || fail "status $status"
says "apt-get install --yes --no-install-recommends cmake ninja-build g++"
says "libdnnl-dev           tile products (oneDNN)"

claim "what is missing is named, installed, and only that"
printf '%s\n' cmake ninja-build g++ >"$work/installed"
start run x.toml
[[ $status == 0 && $out == "first run x.toml" ]] || fail "status $status, printed $out"
says "these Debian packages are missing:"
grep -q "^install --yes --no-install-recommends libeigen3-dev .*libtorch-dev" "$work/apt" || fail "$(<"$work/apt")"
[[ -x $tree/build/debian/experiments/ohmic ]] || fail "not in build/debian"

claim "once built it starts without asking anything and in under a second"
rm "$work/apt"
mv "$work/bin/dpkg-query" "$work/dpkg-query"
before=$(date +%s%N)
start list devices
((($(date +%s%N) - before) < 1000000000)) || fail "took too long"
[[ $out == "first list devices" && ! -s $work/said ]] || fail "printed $out"
mv "$work/dpkg-query" "$work/bin/dpkg-query"

claim "a changed source is built, quietly"
sleep 0.02
write_program second
start
[[ $status == 0 && $out == "second" ]] || fail "printed $out"
[[ ! -e $work/apt ]] || fail "asked apt"

claim "a failing build shows the error and the log"
sleep 0.02
write_program third "return no_such_name;"
start
[[ $status != 0 ]] || fail "succeeded"
says "no_such_name"
says "$tree/build/debian/ohmic-build.log"
write_program third

claim "the program is called as the launcher was"
printf '#include <cstdio>\nint main(int, char** v) { std::puts(v[0]); }\n' >"$tree/experiments/main.cpp"
start
[[ $out == ./link ]] || fail "printed $out"
write_program third

claim "a folder of one's own"
OHMIC_BUILD_DIR="$work/my build" start
[[ $status == 0 && $out == "third" && -x "$work/my build/experiments/ohmic" ]] || fail "printed $out"

claim "./ohmic test leaves slow tests out, --slow brings them in, ctest's arguments pass"
start test
[[ $status == 0 && $out == *"out of 1"* ]] || fail "$out"
start test --slow
[[ $status == 0 && $out == *"out of 2"* ]] || fail "$out"
start test -N -R nothing
[[ $status == 0 && $out == *"Total Tests: 0"* ]] || fail "$out"

claim "an active Python's torch gets a folder of its own and needs no libtorch-dev"
mkdir -p "$work/venv/bin" "$work/venv/torch"
printf '#!/bin/sh\necho "%s"\n' "$work/venv/torch" >"$work/venv/bin/python"
chmod +x "$work/venv/bin/python"
printf '%s\n' cmake >"$work/installed"
VIRTUAL_ENV="$work/venv" start
[[ $status == 0 && -x $tree/build/wheel/experiments/ohmic ]] || fail "status $status"
! grep -q libtorch-dev "$work/apt" || fail "$(<"$work/apt")"
grep -q "^CMAKE_PREFIX_PATH.*=$work/venv/torch" "$tree/build/wheel/CMakeCache.txt" || fail "not passed on"

claim "a CUDA build of LibTorch without nvcc is refused before anything is built"
mkdir -p "$work/venv/torch/lib" "$work/cuda/bin"
touch "$work/venv/torch/lib/libtorch_cuda.so"
rm -rf "$tree/build/wheel"
with_cuda_torch() { PATH=$work/bin:/usr/bin:/bin VIRTUAL_ENV="$work/venv" start; }
CUDA_HOME="$work/nowhere" with_cuda_torch
[[ $status != 0 && ! -e $tree/build/wheel/CMakeCache.txt ]] || fail "status $status"
says "needs the CUDA toolkit (nvcc)"

claim "with nvcc the CUDA back end is built, unless it is not wanted"
printf '#!/bin/sh\n' >"$work/cuda/bin/nvcc"
chmod +x "$work/cuda/bin/nvcc"
CUDA_HOME="$work/cuda" with_cuda_torch
grep -q '^OHMIC_CUDA:.*=ON' "$tree/build/wheel/CMakeCache.txt" || fail "OHMIC_CUDA is not on"
grep -q "^CMAKE_CUDA_COMPILER:.*=$work/cuda/bin/nvcc" "$tree/build/wheel/CMakeCache.txt" || fail "another nvcc"
OHMIC_CMAKE_ARGS=-DOHMIC_CUDA=OFF CUDA_HOME="$work/cuda" with_cuda_torch
[[ $status == 0 ]] || fail "status $status"
grep -q '^OHMIC_CUDA:.*=OFF' "$tree/build/wheel/CMakeCache.txt" || fail "OHMIC_CUDA is not off"
rm -r "$work/venv/torch/lib"

claim "another LibTorch in the same folder starts afresh"
mkdir -p "$work/other/share/cmake/Torch"
touch "$work/other/share/cmake/Torch/TorchConfig.cmake"
CMAKE_PREFIX_PATH="$work/nothing:$work/other" start
[[ $status == 0 ]] || fail "status $status"
says "configuring with the LibTorch in $work/other"
echo "$claims claims hold"
