#include "nn/torch/captured_work.hpp"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <string_view>

#ifdef OHMIC_TORCH_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace ohmic {
namespace {

constexpr int kRunsBefore = 3;

}  // namespace

Repetition repetition_on(const std::string& device) {
  const char* set = std::getenv("OHMIC_CUDA_GRAPHS");
  const std::string_view wish = set ? set : "";
  if (wish == "emulated") return Repetition::emulated;
  return wish == "0" || !device.starts_with("cuda") ? Repetition::launched : Repetition::recorded;
}

#ifdef OHMIC_TORCH_CUDA

struct RecordableStream::State {
  c10::cuda::CUDAStream stream;
};
struct RecordableStream::Use::Guard {
  c10::cuda::CUDAStreamGuard guard;
};

RecordableStream::RecordableStream(const std::string& device) {
  const c10::Device place(device);
  if (place.is_cuda()) state_.reset(new State{c10::cuda::getStreamFromPool(false, place.index())});
}

void* RecordableStream::handle() const {
  return state_ ? static_cast<void*>(state_->stream.stream()) : nullptr;
}

RecordableStream::Use::Use(const RecordableStream& stream) {
  if (stream.state_) guard_.reset(new Guard{c10::cuda::CUDAStreamGuard(stream.state_->stream)});
}

struct CapturedWork::Graph {
  at::cuda::CUDAGraph graph;
};

/// Ends a recording that failed, so that the stream takes work again.
void abandon(at::cuda::CUDAGraph& graph) {
  try {
    graph.capture_end();
  } catch (const std::exception&) {  // says once more that it failed
  }
}

void CapturedWork::record(const std::function<void()>& work) {
  std::unique_ptr<Graph> made;
  try {
    made = std::make_unique<Graph>();
    made->graph.capture_begin();
    work();
    made->graph.capture_end();
    graph_ = std::move(made);
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    problem_ = what.substr(0, what.find('\n'));
    if (made) abandon(made->graph);
  }
}

#else

struct RecordableStream::State {};
struct RecordableStream::Use::Guard {};
RecordableStream::RecordableStream(const std::string&) {}
void* RecordableStream::handle() const { return nullptr; }
RecordableStream::Use::Use(const RecordableStream&) {}

struct CapturedWork::Graph {
  struct {
    void replay() {}
  } graph;
};

void CapturedWork::record(const std::function<void()>&) {
  problem_ = "this LibTorch was built without CUDA";
}

#endif

RecordableStream::~RecordableStream() = default;
RecordableStream::Use::~Use() = default;

CapturedWork::CapturedWork(Repetition repetition) : repetition_(repetition) {}
CapturedWork::~CapturedWork() = default;

void CapturedWork::run(const std::function<void()>& work) {
  if (repetition_ == Repetition::emulated) {
    if (!first_) first_ = work;
    return first_();
  }
  const bool records = repetition_ == Repetition::recorded && problem_.empty();
  if (records && !graph_ && ++runs_ > kRunsBefore) {
    record(work);
    if (!graph_)
      TORCH_WARN("ohmic launches work on the GPU step by step, because it cannot be recorded: ",
                 problem_);
  }
  if (graph_)
    graph_->graph.replay();
  else
    work();
}

}  // namespace ohmic
