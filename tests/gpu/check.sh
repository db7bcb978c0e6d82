#!/usr/bin/env bash
# What has to be seen on a GPU, in pieces of under ten minutes each: docs/gpu-checklist.md.
#
#   tests/gpu/check.sh carry      with nvcc and network: builds, and gathers what travels
#   tests/gpu/check.sh all        on the GPU, no network: what nine minutes can show, most worth first
#
# The pieces, each by itself:
#
#   tests/gpu/check.sh test       the tests that carry the label `cuda`
#   tests/gpu/check.sh memcheck   a few of them under compute-sanitizer's first tool
#   tests/gpu/check.sh rows       the five rows of docs/benchmarks.md, quickly
#   tests/gpu/check.sh short      one short training: bytes with and without CUDA graphs, and the
#                                 accuracy beside that of a training on the CPU
#   tests/gpu/check.sh sanitize   the same as memcheck under all four tools
#   tests/gpu/check.sh benchmark  layers of ResNet-20 on every back end
#   tests/gpu/check.sh train      a little training and a noisy evaluation on the cuda back end
#   tests/gpu/check.sh graphs     training with and without CUDA graphs: bytes, seconds per epoch
#   tests/gpu/check.sh ideal      images x draws per second behind an ideal periphery
#   tests/gpu/check.sh draws      a chip for every hundred images, without and behind converters
#   tests/gpu/check.sh share      one, two and four trainings side by side on one GPU
#   tests/gpu/check.sh gather     everything seen so far as one archive
#
# OHMIC_GPU_CARRY   folder that travels, or its archive beside it, FOLDER.tar.gz, a third of the
#                   size (default build/gpu/carry)
# OHMIC_GPU_OUT     folder for logs and numbers (default build/gpu/out)
# OHMIC_GPU_SECONDS what `all` may take together (default 540)
# LIBTORCH          folder with LibTorch's libraries (default: that of `python3 -c 'import torch'`)
set -euo pipefail
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
carry=${OHMIC_GPU_CARRY:-$root/build/gpu/carry}
out=${OHMIC_GPU_OUT:-$root/build/gpu/out}

die() { printf 'check.sh: %s\n' "$*" >&2; exit 1; }

# A build for any x86-64 processor, and the shared libraries that neither LibTorch, CUDA nor every
# Linux has.
build_and_carry() {
  command -v nvcc >/dev/null || die "there is no nvcc on the PATH"
  export OHMIC_CMAKE_ARGS="-DOHMIC_CUDA=ON -DOHMIC_NATIVE=OFF ${OHMIC_CMAKE_ARGS:-}"
  export OHMIC_BUILD_DIR=$root/build/gpu/build
  "$root/ohmic" --version
  nice cmake --build "$OHMIC_BUILD_DIR" --target simulator_tests nn_tests ohmic_benchmarks
  rm -rf "$carry"
  mkdir -p "$carry/bin" "$carry/lib" "$carry/experiments"
  cp "$OHMIC_BUILD_DIR"/{experiments/ohmic,tests/{simulator,nn}_tests,tests/benchmarks/ohmic_benchmarks} \
    "$carry/bin/"
  cp -L "$OHMIC_BUILD_DIR"/experiments/libohmic_program.so.0 "$carry/lib/"  # which ohmic loads
  cp "$root"/experiments/*.toml "$carry/experiments/"
  carried_libraries | sort -u | xargs -r cp -L -t "$carry/lib"
  strip --strip-unneeded "$carry"/bin/* "$carry"/lib/*.so*
  tar -C "$carry" -czf "$carry.tar.gz" .
  du -sh "$carry" "$carry.tar.gz"
}

carried_libraries() {
  local everywhere='/(ld-linux|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+|libgomp)[.-]'
  local elsewhere='/(libtorch|libc10|libcu|libnv|libnccl|libshm|libcaffe2)'
  ldd "$carry"/bin/* "$carry"/lib/libohmic_program.so.0 | awk '/=> \// {print $3}' | grep -vE "$everywhere|$elsewhere"
}

libtorch() {
  local python=${PYTHON:-python3}
  [[ -n ${LIBTORCH:-} ]] || LIBTORCH=$("$python" -c \
    'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))') ||
    die "no LibTorch: set LIBTORCH to the folder of libtorch.so"
  printf '%s' "$LIBTORCH"
}

# The libraries of CUDA that LibTorch's wheel leaves to other wheels, and those of the toolkit.
cuda_libraries() {
  local site; site=$(dirname -- "$(dirname -- "$LIBTORCH")")
  printf '%s:' "$site"/nvidia/*/lib "$site"/nvidia/*/*/lib /usr/local/cuda/lib64
}

on_gpu() {
  if [[ ! -d $carry && -f $carry.tar.gz ]]; then
    mkdir -p "$carry"
    tar -C "$carry" -xzf "$carry.tar.gz"
  fi
  [[ -x $carry/bin/simulator_tests ]] || die "$carry is empty: run 'check.sh carry' first"
  mkdir -p "$out"
  nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv | tee "$out/gpu.csv"
  export OHMIC_REQUIRE_CUDA=1
  LIBTORCH=$(libtorch)
  LD_LIBRARY_PATH=$carry/lib:$LIBTORCH:$(cuda_libraries)${LD_LIBRARY_PATH:-}
  export LD_LIBRARY_PATH
}

test_kernels() {
  local program
  for program in simulator nn; do
    "$carry/bin/${program}_tests" --gtest_filter='*/cuda' \
      --gtest_output="json:$out/$program-tests.json" | tee "$out/$program-tests.log"
  done
}

# Tools of compute-sanitizer on the cases that reach every kind of block; a finding fails the run.
sanitize_by() {
  local tool within=()
  (($# == 1)) || within=(timeout 140)
  local cases='PeripheryTest.*/cuda:BackendTest.AnswersDepend*/cuda:AgreementTest.Bf16*/cuda'
  cases+=':AgreementTest.Wires*/cuda:NonLinearCellsTest.Convolve*/cuda'
  for tool; do
    "${within[@]}" compute-sanitizer --tool "$tool" --error-exitcode 9 "$carry/bin/simulator_tests" \
      --gtest_filter="$cases" 2>&1 | tee "$out/$tool.log" | tail -n 3
  done
}

# Repetitions, and seconds of each.
benchmark() {
  "$carry/bin/ohmic_benchmarks" --benchmark_filter='MvmsOfResNet20/cuda|ProgramResNet20.*/cuda|WiresOfResNet20|LibTorchForward' \
    --benchmark_repetitions="$1" --benchmark_report_aggregates_only=true --benchmark_min_time="$2" \
    --benchmark_out="$out/benchmarks.json" --benchmark_out_format=json | tee "$out/benchmarks.log"
}

# Trains on the GPU and puts the networks on crossbars, computed on cpu and on cuda: the same rows.
train() {
  local backend
  for backend in cpu cuda; do
    "$carry/bin/ohmic" run "$carry/experiments/quickstart.toml" --out "$out/run-$backend" \
      --set compute.backend="$backend" --set output.figures=false \
      --set periphery.dac.bits=8 --set periphery.adc.bits=8 | tee "$out/run-$backend.log"
  done
  paste -d '\n' "$out"/run-{cpu,cuda}/results.csv
}

# Seconds that one "epoch" or one "draw" ($2) of a run took, over all but the first lines of its
# log of times: those hold what happens once.
seconds_per() {
  "${PYTHON:-python3}" - "$1/timing.jsonl" "$2" <<'CODE'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
lines = [line for line in lines if line["work"].startswith(sys.argv[2])]
print(sum(line["seconds"] for line in lines) / sum(line["units"] for line in lines))
CODE
}

resnet20() {
  local folder=$1; shift
  rm -rf "$folder"
  "$carry/bin/ohmic" run "$carry/experiments/quickstart.toml" --out "$folder" \
    --set output.figures=false --set output.report=false --set model.name=resnet20 \
    --set data.train_images=50000 --set train.batch=128 --set train.epochs=3 \
    --set train.augment=true --set "sweep.device.eta=[0.1]" "$@" >"$folder.log" 2>&1 ||
    { tail -n 20 "$folder.log"; return 1; }
}
one_rate='sweep.train.learning_rate=[0.001]'

# The same weights, and how much sooner than LibTorch launches the same work; batches of the paper.
graphs() {
  local on
  for on in 0 1; do
    OHMIC_CUDA_GRAPHS=$on resnet20 "$out/graphs-$on" --set "$one_rate" --set train.batch=32 \
      --set evaluation.draws=1
    printf 'OHMIC_CUDA_GRAPHS=%s: %s s per epoch\n' "$on" "$(seconds_per "$out/graphs-$on" epoch)"
    grep -i 'cannot be recorded' "$out/graphs-$on.log" || true
  done
  cmp "$out"/graphs-{0,1}/training/*/history.csv && echo "the same learning curve"
}

# One network of the quickstart, trained in both ways on the GPU and once on the CPU.
short() {
  local way
  for way in 0 1 cpu; do
    OHMIC_CUDA_GRAPHS=${way/cpu/1} "$carry/bin/ohmic" run "$carry/experiments/quickstart.toml" \
      --out "$out/short-$way" --fresh --set output.figures=false --set output.report=false \
      --set "$one_rate" --set "sweep.device.eta=[0.1]" --set evaluation.draws=3 \
      --set compute.device="$([[ $way == cpu ]] && echo cpu || echo cuda)" >"$out/short-$way.log" 2>&1 ||
      { tail -n 20 "$out/short-$way.log"; return 1; }
  done
  cmp "$out"/short-{0,1}/training/*/history.csv && echo "the same bytes with and without graphs"
  paste -d '\n' "$out"/short-{1,cpu}/results.csv
}

# What one short loan can show. The table is written line by line, so that what was seen is there
# when the rest is cut off. Each stage: seconds that it may take, and its name.
all() {
  local total=${OHMIC_GPU_SECONDS:-540} limit name left start status result
  local table=$out/table.md failed=0
  printf '| stage | seconds | result |\n| --- | --- | --- |\n' | tee "$table"
  while read -r limit name; do
    left=$((total - SECONDS)) start=$SECONDS status=0
    if ((left < 5)); then
      printf '| %s | 0 | not begun: no time left |\n' "$name" | tee -a "$table"
      failed=1
      continue
    fi
    printf '| %s | | begun |\n' "$name" >>"$table"
    timeout -k 5 $((left < limit ? left : limit)) "$root/tests/gpu/check.sh" "$name" \
      >"$out/$name.log" 2>&1 </dev/null &
    trap "kill $!; exit 143" TERM INT
    wait $! || status=$?
    result=passed
    ((status == 0)) || { failed=1; result="FAILED ($status): $(tail -n 1 "$out/$name.log")"; }
    ((status != 124 && status != 137)) || result='cut off'
    sed -i '$d' "$table"
    printf '| %s | %s | %s |\n' "$name" $((SECONDS - start)) "$result" | tee -a "$table"
  done <<'STAGES'
180 test
100 memcheck
120 rows
130 short
STAGES
  return $failed
}

# LibTorch behind an ideal periphery, and the back end of our own, float and bf16.
ideal() {
  local backend products
  for backend in cpu cuda; do
    for products in f32 bf16; do
      resnet20 "$out/ideal-$backend-$products" --set "$one_rate" --set train.epochs=1 \
        --set data.test_images=10000 --set evaluation.draws=30 --set evaluation.batch=1000 \
        --set compute.device=cuda --set compute.backend="$backend" \
        --set periphery.products="$products"
      printf '%s, %s: %s s per draw of 10000 images\n' "$backend" "$products" \
        "$(seconds_per "$out/ideal-$backend-$products" draw)"
    done
  done
}

# Every hundred images on a chip of their own, eight at once by LibTorch, sixteen by the back end.
draws() {
  one_chip_per_batch ideal-cpu --set compute.backend=cpu
  one_chip_per_batch ideal-cuda --set compute.backend=cuda
  one_chip_per_batch converters-cuda --set compute.backend=cuda \
    --set periphery.dac.bits=8 --set periphery.adc.bits=8
}

one_chip_per_batch() {
  local name=$1; shift
  resnet20 "$out/draws-$name" --set "$one_rate" --set train.epochs=1 \
    --set data.test_images=10000 --set evaluation.estimator=per_batch --set evaluation.draws=30 \
    --set evaluation.batch=100 --set compute.device=cuda --set periphery.products=bf16 "$@"
  printf '%s: %s s per 10000 images and 100 chips\n' "$name" \
    "$(seconds_per "$out/draws-$name" draw)"
}

# Each of N processes trains a network of its own. Start MPS before to see what it is worth.
share() {
  local n i rates=(0.0005 0.001 0.002 0.004) jobs start
  for n in 1 2 4; do
    jobs=()
    start=$SECONDS
    for ((i = 0; i < n; ++i)); do
      resnet20 "$out/share-$n-$i" --set "sweep.train.learning_rate=[${rates[i]}]" \
        --set evaluation.draws=1 --set compute.threads=2 &
      jobs+=($!)
    done
    sleep 15
    nvidia-smi --query-compute-apps=pid,used_memory --format=csv
    wait "${jobs[@]}"
    printf '%s side by side: %s s\n' "$n" $((SECONDS - start))
  done
}

case ${1:-} in
  carry) build_and_carry ;;
  test) on_gpu && test_kernels ;;
  all) on_gpu && all ;;
  memcheck) on_gpu && sanitize_by memcheck ;;
  sanitize) on_gpu && sanitize_by memcheck racecheck initcheck synccheck ;;
  rows) on_gpu && benchmark 3 0.2 ;;
  benchmark) on_gpu && benchmark 5 0.5 ;;
  short) on_gpu && short ;;
  train) on_gpu && train ;;
  graphs | ideal | draws | share) on_gpu && "$1" 2>&1 | tee "$out/$1.log" ;;
  gather) tar -C "$out" --exclude='*.safetensors' -czf "$out.tar.gz" . && ls -l "$out.tar.gz" ;;
  *) sed -n '2,28s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
