// The fastest that LibTorch multiplies on these threads, as a bound for any float network. Header
// free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>

namespace ohmic {

/// A product of two square float matrices, by oneDNN where LibTorch has it, else by its BLAS.
class LargeProduct {
 public:
  LargeProduct();
  ~LargeProduct();

  void multiply();
  /// Of one product.
  static constexpr std::int64_t kMultiplyAdds = std::int64_t{1024} * 1024 * 1024;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
