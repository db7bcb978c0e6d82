// From a model file to a Graph: constant parts are computed once, matrices find their place on
// crossbars, everything between them becomes digital nodes. The header is free of LibTorch.
//
// A matrix of constants is a crossbar layer where rows of activations meet it: Conv (1 or 2 axes),
// ConvTranspose, Gemm, MatMul and Einsum with a constant side at any rank, and the input and the
// recurrent matrices of LSTM, GRU and RNN. Products of two activations are digital.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/import/imported_model.hpp"
#include "nn/network/graph.hpp"

namespace ohmic {

/// Graph::layout of networks of files.
inline constexpr char kImportedLayout[] = "imported";

struct LoweringOptions {
  std::vector<std::string> inputs;    ///< names in the file; empty: those that the output needs
  std::string output;                 ///< its name; empty: the first
  std::vector<std::string> digital;   ///< name patterns (*, ?) of layers that stay digital
  std::vector<std::string> crossbar;  ///< where given, only these are on crossbars
};

/// A matrix of constants that stays digital, and why.
struct DigitalMatrix {
  std::string name, op, why;
  bool is_asked = false;  ///< by the patterns of the mapping
};

/// Two layers with the same numbers, of which the file does not say that they are one matrix.
struct AlikeMatrices {
  std::string first, second;
};

/// Products of constants with constants, which are computed once and which no sample drives.
struct FoldedProducts {
  std::vector<std::string> nodes;
  std::int64_t numbers = 0;  ///< of the file's constants that they multiply
};

/// What a sample gives to one input of the network.
struct SampleInput {
  std::string name;  ///< in the file
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;  ///< without the axis of samples
  /// Numbers.
  std::int64_t size() const;
};

struct LoweredNetwork {
  std::string format, producer;  ///< of the file
  Graph graph;
  Weights weights;
  std::vector<SampleInput> inputs;   ///< one at least
  std::vector<std::int64_t> sample;  ///< shape of one sample, as the file has it; of several
                                     ///< inputs all numbers in a row, in the order of `inputs`
  std::vector<std::int64_t> answer;  ///< shape of one sample's output
  std::string output;                ///< its name in the file
  std::vector<std::string> others;   ///< outputs of the file that are not computed
  std::vector<DigitalMatrix> digital;
  std::vector<AlikeMatrices> alike;
  FoldedProducts folded;
  /// "NAME (OP)" of nodes that take one value from all samples of a batch: answers may change with
  /// the samples beside them.
  std::vector<std::string> over_batch;
};

/// Throws DataError naming file and node: operators that are not there (all of them at once),
/// ranges that are those of a whole batch (DynamicQuantizeLinear), a sample shape that the file
/// leaves open, an axis of samples that cannot be found. Runs the network on two and on three
/// samples to learn shapes, and checks that each answers as it does alone.
LoweredNetwork lower(const ImportedModel&, const LoweringOptions& = {});

}  // namespace ohmic
