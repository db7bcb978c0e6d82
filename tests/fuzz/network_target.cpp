// What a model file's network becomes: constants computed, shapes found, layers on crossbars.
#include "nn/lowering/lower.hpp"
#include "tests/fuzz/onnx_models.hpp"
#include "tests/fuzz/protobuf_part.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/nn/pt2_program.hpp"

namespace ohmic::test {
namespace {

OHMIC_FUZZ(OnnxNetwork) {
  return {.seeds = onnx_seeds(),
          .read = [](const std::string& bytes) { lower(read_model(scratch(bytes))); },
          .words = kOnnxWords,
          .part = protobuf_part,
          .cost = 20};
}

OHMIC_FUZZ(Pt2Network) {
  return {.seeds = {pt2::Program().json(), pt2::Program::in_place().json()},
          .read =
              [](const std::string& json) {
                lower(read_model(scratch(pt2::Program().archive(json).bytes())));
              },
          .words = {"\"as_int\":", "\"sizes\":", "\"strides\":", "null", "[]",
                    "torch.ops.aten.view.default", "torch.ops.aten.expand.default",
                    "torch.ops.aten.full.default", "torch.ops.aten.cat.default"},
          .cost = 20};
}

}  // namespace
}  // namespace ohmic::test
