#include "nn/import/imported_model.hpp"

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

std::size_t size_of(ElementType type) { return kFacts.at(static_cast<std::size_t>(type)).size; }

const char* name_of(ElementType type) { return kFacts.at(static_cast<std::size_t>(type)).name; }

std::int64_t ConstantTensor::elements() const { return element_count(shape); }

}  // namespace ohmic
