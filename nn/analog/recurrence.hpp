// What a recurrent cell does digitally between its products, for one time step of a batch.
#pragma once

#include <cstdint>

#include "nn/network/graph.hpp"

namespace ohmic {

/// Values per sample and step of a recurrent node's output: H, for an LSTM 2H.
int values_per_step(const Node&);

/// One step of `samples` samples. `x` (one row of gates*H values every `x_stride`) is what the
/// input matrix gave, `product` (samples x gates*H) what the recurrent one did of `before`, with
/// its bias. `before`: h of the step before, samples x H, `c` (LSTM only) likewise; both become
/// those of this step. `out`: H values, for an LSTM 2H, every `out_stride`.
void recurrent_step(RecurrentCell, std::int64_t samples, int H, const float* x,
                    std::int64_t x_stride, const float* product, float* before, float* c,
                    float* out, std::int64_t out_stride);

}  // namespace ohmic
