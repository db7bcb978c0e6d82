#!/usr/bin/env bash
# `pip install .` into a fresh environment, then the tests of the module and its examples in it.
# Usage: check.sh PYTHON [SITE_PACKAGES]   with the packages of another environment (torch) beside.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" -m venv "$work/env"
python=$work/env/bin/python
if [[ -n ${2:-} ]]; then
  echo "$2" >"$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/beside.pth"
fi
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  export CXX=${CXX:-c++}  # CMake's own choice: Python names another link to the compiler
fi
"$python" -m pip install --quiet numpy jsonschema ${2:+sympy networkx jinja2 filelock fsspec}  # torch.export's
# A build folder of its own for each LibTorch, so that a second check compiles what has changed.
# Compiler and flags of the ordinary build, so that ccache has its objects.
CMAKE_ARGS=${OHMIC_CMAKE_ARGS:-} "$python" -m pip install --quiet "$root" \
  --config-settings=build-dir="$root/build/python${2:+-torch}"
cd "$work"
export OMP_WAIT_POLICY=passive  # other tests may run beside
"$python" -c 'import ohmic; print("ohmic", ohmic.__version__, "LibTorch", *ohmic.libtorch())'
"$python" "$root/tests/python/test_ohmic.py"
