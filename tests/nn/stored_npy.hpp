// Arrays of floats as .npy has them.
#pragma once

#include <string>
#include <vector>

namespace ohmic::test {

inline std::string npy(const std::string& type, const std::string& shape,
                       const std::string& bytes) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + bytes;
}

inline std::string npy(const std::vector<int>& shape, const std::vector<float>& values) {
  std::string sides;
  for (const int side : shape) sides += std::to_string(side) + ", ";
  return npy("<f4", sides,
             {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

}  // namespace ohmic::test
