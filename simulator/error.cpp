#include "simulator/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace ohmic {
namespace {

std::string joined(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) text += (text.empty() ? "" : "\n") + fault.text();
  return text;
}

}  // namespace

std::string Position::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Fault::text() const {
  const std::string place = where.text();
  return (place.empty() ? "" : place + ": ") + "error: " + (key.empty() ? "" : key + ": ") +
         message;
}

ConfigError::ConfigError(std::vector<Fault> faults)
    : Error(joined(faults)), faults_(std::move(faults)) {}

ConfigError::ConfigError(const std::string& message)
    : ConfigError(std::vector<Fault>{{{}, {}, message}}) {}

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "ohmic: internal error: %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace ohmic
