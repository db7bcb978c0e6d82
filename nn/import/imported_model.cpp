#include "nn/import/imported_model.hpp"

#include <algorithm>
#include <array>

#include "nn/network/shape_text.hpp"

namespace ohmic {
namespace {

struct ElementFacts {
  const char* name;
  std::size_t size;
};

constexpr std::array<ElementFacts, 13> kFacts{{{"float32", 4},
                                               {"float64", 8},
                                               {"float16", 2},
                                               {"bfloat16", 2},
                                               {"int8", 1},
                                               {"uint8", 1},
                                               {"int16", 2},
                                               {"uint16", 2},
                                               {"int32", 4},
                                               {"uint32", 4},
                                               {"int64", 8},
                                               {"uint64", 8},
                                               {"bool", 1}}};

}  // namespace

bool is_real(ElementType type) { return type < ElementType::i8; }

bool is_signed(ElementType type) {
  return is_real(type) || type == ElementType::i8 || type == ElementType::i16 ||
         type == ElementType::i32 || type == ElementType::i64;
}

std::size_t size_of(ElementType type) { return kFacts.at(static_cast<std::size_t>(type)).size; }

const char* name_of(ElementType type) { return kFacts.at(static_cast<std::size_t>(type)).name; }

std::int64_t ConstantTensor::elements() const { return element_count(shape); }

std::vector<ModelNode> needed_nodes(const std::vector<ModelNode>& nodes, const std::string& output,
                                    const std::set<std::string>& known) {
  std::set<std::string> wanted{output};
  std::vector<ModelNode> kept;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const auto gives = [&](const std::string& o) { return wanted.count(o) && !known.count(o); };
    if (std::none_of(node->outputs.begin(), node->outputs.end(), gives)) continue;
    for (const std::string& input : node->inputs) wanted.insert(input);
    kept.push_back(*node);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

}  // namespace ohmic
