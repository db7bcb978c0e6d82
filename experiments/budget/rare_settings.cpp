#include "experiments/budget/rare_settings.hpp"

#include "experiments/budget/target_setting.hpp"

namespace ohmic {

const Schema<RareSettings>& RareSettings::schema() {
  static const Schema<RareSettings> schema = [] {
    using R = RareSettings;
    Schema<R> s{"rare",
                "Which share of all chips is worse than a limit, where it is small: multilevel "
                "splitting."};
    add_target(s, &R::target);
    s.add("chips", &R::chips)
        .range(20, 100000)
        .doc("Chips of a population, whose worse part goes on from level to level.");
    s.add("moves", &R::moves)
        .range(1, 1000)
        .doc(
            "Moves of each chip at every level: more where the answer says that few are accepted "
            "or "
            "that repetitions are far apart.");
    s.add("repetitions", &R::repetitions)
        .range(4, 1000)
        .doc("Independent populations, whose spread gives the interval.");
    s.add("smallest", &R::smallest)
        .unit("1")
        .range(1e-12, 0.1)
        .doc("Share of the chips below which no further level is looked for.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
