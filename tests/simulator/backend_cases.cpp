#include "tests/simulator/backend_cases.hpp"

#include <cstdlib>

#include "simulator/backends/cuda/cuda_backend.hpp"
#include "simulator/error.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic::test {

std::vector<std::string> backends() {
  std::vector<std::string> names = backend_names();
  names.push_back("emulated");
  return names;
}

std::unique_ptr<Backend> backend_under_test(const std::string& name) {
  if (name == "emulated") return std::make_unique<CudaBackend>(std::make_shared<EmulatedMachine>());
  return make_backend(name);
}

std::string missing_machine(const std::string& name) {
  const char* required = std::getenv("OHMIC_REQUIRE_CUDA");
  if (name != "cuda" || (required && std::string(required) == "1")) return {};
  try {
    make_backend(name);
    return {};
  } catch (const UnsupportedError& error) {
    return error.what();
  }
}

}  // namespace ohmic::test
