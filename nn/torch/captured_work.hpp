// Work that a GPU repeats: recorded once as a CUDA graph and from then on launched as a whole, so
// that the host's launches no longer set the pace. The header is free of LibTorch.
//
// What is recorded must only hand work to the device: the same operations on the same memory each
// time, no number of the host's that changes, nothing that waits for the device. What differs from
// one time to the next lies in tensors that are filled before each run.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace ohmic {

/// A GPU's stream of its own, since nothing can be recorded on the default one. Means nothing on
/// "cpu".
class RecordableStream {
 public:
  explicit RecordableStream(const std::string& device);
  ~RecordableStream();
  /// The cudaStream_t; null on "cpu".
  void* handle() const;

  /// While it lives LibTorch's work of this thread goes to the stream.
  class Use {
   public:
    explicit Use(const RecordableStream&);
    ~Use();

   private:
    struct Guard;
    std::unique_ptr<Guard> guard_;
  };

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// How repeated work is run, as OHMIC_CUDA_GRAPHS says.
enum class Repetition {
  launched,  ///< each time anew: "0", or what `device` is when it is no GPU
  recorded,  ///< as a CUDA graph; the default on a GPU
  emulated,  ///< "emulated", for tests on the host: what was given first is run again
};
Repetition repetition_on(const std::string& device);

/// One piece of work, the same each time.
class CapturedWork {
 public:
  explicit CapturedWork(Repetition repetition);
  ~CapturedWork();

  /// Runs `work`: the first times as it is, while libraries choose their algorithms, then recorded.
  /// What cannot be recorded is run as it is; LibTorch's log and problem() say why.
  void run(const std::function<void()>& work);
  const std::string& problem() const { return problem_; }

 private:
  struct Graph;
  void record(const std::function<void()>& work);

  Repetition repetition_;
  int runs_ = 0;
  std::function<void()> first_;  ///< emulated
  std::unique_ptr<Graph> graph_;
  std::string problem_;
};

}  // namespace ohmic
