// What a network answers to one sample, as far as metrics ask.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/network/graph.hpp"

namespace ohmic {

struct AnswerShape {
  std::vector<std::int64_t> shape;  ///< as its file has it, without the axis of samples
  bool probabilities = false;       ///< it ends in a softmax or a sigmoid
  bool chosen = false;              ///< it ends in ArgMax: a class, no scores
  bool classes_last = false;        ///< where labels fit both ways, as of Keras's files
  bool each_by_itself = false;      ///< it ends in a sigmoid
};
AnswerShape answer_shape(const Graph&, std::vector<std::int64_t> shape);

}  // namespace ohmic
