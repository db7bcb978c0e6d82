// Every way to hold a weight in a cell, for tests that go through all of them.
#pragma once

#include <ostream>
#include <vector>

#include "mapping/settings.hpp"

namespace ohmic::test {

struct EncodingCase {
  const char* name;
  MappingSettings settings;
  friend void PrintTo(const EncodingCase& c, std::ostream* os) { *os << c.name; }
};

inline std::vector<EncodingCase> encodings() {
  std::vector<EncodingCase> cases(8);
  cases[0].name = "one_sided";
  cases[1].name = "two_sided";
  cases[1].settings.form = DifferentialForm::two_sided;
  cases[2].name = "digital_subtraction";
  cases[2].settings.subtraction = Subtraction::digital;
  cases[3].name = "offset";
  cases[3].settings.encoding = Encoding::offset;
  cases[4].name = "physical_reference";
  cases[4].settings.encoding = Encoding::offset;
  cases[4].settings.reference = Reference::physical;
  cases[5].name = "physical_reference_digital";
  cases[5].settings = cases[4].settings;
  cases[5].settings.subtraction = Subtraction::digital;
  cases[6].name = "slices";
  cases[6].settings.encoding = Encoding::bit_sliced;
  cases[6].settings.weight_bits = 16;
  cases[6].settings.slice_bits = 4;
  cases[7].name = "offset_slices";
  cases[7].settings = cases[6].settings;
  cases[7].settings.slices = Encoding::offset;
  for (EncodingCase& c : cases) c.settings.tile = {64, 32};
  return cases;
}

}  // namespace ohmic::test
