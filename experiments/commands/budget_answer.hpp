// What `ohmic budget` and `ohmic design` do alike.
#pragma once

#include <filesystem>
#include <memory>

#include "simulator/config/value.hpp"

namespace CLI {
class App;
}

namespace ohmic {

struct AnswerOptions {
  std::filesystem::path folder, card;  ///< empty: output.dir, none
  std::shared_ptr<bool> as_json;
};

/// --out and --json.
void add_answer_options(CLI::App&, AnswerOptions&);

/// Answers what [budget] asks and prints it.
void answer_budget(const Value& root, const AnswerOptions&);

}  // namespace ohmic
