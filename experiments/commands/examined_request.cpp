#include "experiments/commands/examined_request.hpp"

#include <fmt/format.h>

#include "experiments/commands/terminal_progress.hpp"
#include "experiments/measure/examination.hpp"
#include "experiments/measure/inputs.hpp"
#include "experiments/study/remarks.hpp"

namespace ohmic {

void examine_request(const BudgetRequest& request,
                     const std::function<void(const std::string&)>& say) {
  TerminalProgress progress;
  check_inputs(experiments_of(request.points));
  for (const std::string& remark : remarks_on(request)) say("note: " + remark);
  for (const std::string& line : examine_given(request.points, progress)) say(line);
}

std::string points_words(const BudgetRequest& request) {
  return fmt::format("{} {}", request.points.size(),
                     request.points.size() == 1 ? "point" : "points");
}

}  // namespace ohmic
