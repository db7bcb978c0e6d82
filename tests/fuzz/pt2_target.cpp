#include "nn/import/imported_model.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/nn/pt2_program.hpp"

namespace ohmic::test {
namespace {

const std::vector<std::string> kWords{"\"as_tensor\":",
                                      "\"as_int\":",
                                      "\"as_ints\":",
                                      "\"as_float\":",
                                      "\"as_expr\":",
                                      "\"as_none\":",
                                      "\"sizes\":",
                                      "\"strides\":",
                                      "\"storage_offset\":",
                                      "\"dtype\":",
                                      "\"tensor_values\":",
                                      "torch.ops.aten.conv2d.default",
                                      "torch.ops.aten.view.default",
                                      "torch.ops.aten.relu_.default",
                                      "torch.ops.aten.expand.default",
                                      "torch.ops.aten.lstm.input",
                                      "torch.ops.aten.slice.Tensor",
                                      "torch.ops.aten.full.default",
                                      "torch.ops.aten.arange.start_step",
                                      "null",
                                      "[]",
                                      "{}"};

std::string archive_of(const std::string& json) {
  const pt2::Program program;
  return program.archive(json).bytes();
}

OHMIC_FUZZ(Pt2) {
  return {.seeds = {pt2::Program().archive().bytes()},
          .read = [](const std::string& bytes) { read_model(scratch(bytes)); },
          .words = {"PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "weight_0", "\"path_name\":"}};
}

OHMIC_FUZZ(Pt2Graph) {
  return {.seeds = {pt2::Program().json(), pt2::Program::in_place().json()},
          .read = [](const std::string& json) { read_model(scratch(archive_of(json))); },
          .words = kWords};
}

}  // namespace
}  // namespace ohmic::test
