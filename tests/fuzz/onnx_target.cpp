#include "nn/import/imported_model.hpp"
#include "tests/fuzz/onnx_models.hpp"
#include "tests/fuzz/protobuf_part.hpp"
#include "tests/fuzz/target.hpp"

namespace ohmic::test {
namespace {

OHMIC_FUZZ(Onnx) {
  return {.seeds = onnx_seeds(),
          .read = [](const std::string& bytes) { read_model(scratch(bytes)); },
          .words = kOnnxWords,
          .part = protobuf_part};
}

}  // namespace
}  // namespace ohmic::test
