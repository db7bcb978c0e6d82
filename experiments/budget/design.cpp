#include "experiments/budget/design.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/budget/design_files.hpp"
#include "experiments/budget/design_order.hpp"
#include "experiments/budget/find.hpp"
#include "experiments/budget/lifetime.hpp"
#include "experiments/budget/yield.hpp"
#include "experiments/measure/setup.hpp"

namespace ohmic {
namespace {

constexpr double kMostCombinations = 1e18;

RaceSettings race_of(const BudgetSettings& settings, const Metric& metric) {
  const DesignSettings& asked = *settings.design;
  RaceSettings race;
  race.metric = &metric;
  race.share = asked.share;
  race.confidence = settings.confidence;
  race.draws = settings.draws;
  race.max_draws = settings.max_draws;
  race.evaluations = asked.evaluations;
  race.ages = std::max<std::int64_t>(std::ssize(asked.times_s), 1);
  race.verify = static_cast<std::size_t>(asked.verify);
  race.verify_draws = asked.verify_draws;
  return race;
}

// --- what is refused ---

/// Whether time_s is set in a table or what is in it.
bool has_age(const Value& value) {
  if (value.is_array()) return std::ranges::any_of(value.array(), has_age);
  return value.is_table() && std::ranges::any_of(value.table().entries(), [](const auto& entry) {
           return entry.key == "time_s" || has_age(entry.value);
         });
}

class RequestCheck {
 public:
  RequestCheck(const BudgetRequest& request, std::vector<Fault>& faults)
      : request_(request),
        asked_(*request.settings.design),
        space_(asked_.choices),
        faults_(faults) {}

  void run() {
    const std::size_t before = faults_.size();
    check_choices();
    check_layer_bits(request_, faults_);
    check_effort();
    if (asked_.share || asked_.times_s.size() > 1)
      check_chips_see_all_images(request_, "design", faults_);
    if (!asked_.times_s.empty()) check_ages(request_, "design.times_s", faults_);
    for (const Point& point : request_.points)
      if (faults_.size() == before) check_any_is_accepted(point.experiment);
    for (const Point& point : request_.points)
      if (faults_.size() == before) check_times(point.experiment);
  }

 private:
  void fault(const std::string& key, const std::string& message) {
    faults_.push_back(request_.fault(key, message));
  }

  void check_choices() {
    if (asked_.choices.empty() && asked_.layer_adc_bits.empty())
      fault("design.choices",
            "nothing to choose from; expected keys with the values that they may have, as { "
            "\"periphery.adc.bits\" = [4, 6, 8] }, or budget.design.layer_adc_bits = [4, 6, 8], "
            "of which the ADC of every layer has its own");
    if (static_cast<double>(space_.size()) >= kMostCombinations)
      fault("design.choices", "makes 10^18 combinations or more; expected fewer");
    std::vector<std::string> all;
    for (const DesignChoice& choice : asked_.choices) {
      const std::vector<std::string> own = space_.keys_of(choice);
      for (const std::string& key : own) check_key(key, all);
      all.insert(all.end(), own.begin(), own.end());
      check_ages_of(choice);
      check_converters(choice);
    }
    for (const Point& point : request_.points) check_converters_are_there(point.experiment);
  }

  /// A whole table of devices has an age too.
  void check_ages_of(const DesignChoice& choice) {
    for (const Value& value : choice.values)
      if (has_age(value))
        return fault("design.choices",
                     choice.key + " has an age (time_s), which design.times_s gives");
  }

  /// `before`: the keys of other choices.
  void check_key(const std::string& key, const std::vector<std::string>& before) {
    if (std::string wrong = no_hardware_text(key); !wrong.empty())
      fault("design.choices", wrong);
    else if (key.ends_with(".time_s"))
      fault("design.choices", key + " is an age, which design.times_s gives");
    else if (std::ranges::any_of(before, [&](const std::string& other) {
               return key == other || key.starts_with(other + ".") || other.starts_with(key + ".");
             }))
      fault("design.choices", key + " is set by two choices");
    if (key.starts_with("device.") && key.ends_with(".model"))
      fault("design.choices",
            key +
                " alone would leave the keys of the file's model to another one; expected whole "
                "tables, as device = [{ model = \"pcm\" }, { model = \"awgn\", eta = 0.1 }]");
  }

  void check_converters(const DesignChoice& choice) {
    for (const char* converter : {"dac", "adc"})
      for (const Value& value : choice.values) {
        const std::string key = std::string("periphery.") + converter;
        const Value* own = choice.key == key           ? &value
                           : choice.key == "periphery" ? value.at(converter)
                                                       : nullptr;
        if (own && own->text() == "\"ideal\"")
          fault("design.choices", "an ideal " + key +
                                      " costs nothing, so that no design with one can be compared "
                                      "with others; expected converters");
      }
  }

  /// Where a choice gives converters in some of its values, the file must in the others.
  void check_converters_are_there(const Experiment& e) {
    const std::pair<const char*, bool> converters[] = {{"dac", e.periphery.dac.has_value()},
                                                       {"adc", e.periphery.adc.has_value()}};
    for (const auto& [name, is_there] : converters)
      for (const DesignChoice& choice : asked_.choices) {
        const std::string key = std::string("periphery.") + name;
        const auto gives = [&](const Value& value) { return space_.sets(choice, value, key); };
        if (!is_there && std::ranges::any_of(choice.values, gives) &&
            !std::ranges::all_of(choice.values, gives))
          fault("design.choices",
                fmt::format("{} leaves an ideal {} in some of its values, which costs nothing; "
                            "expected [{}] in the file, or in every value",
                            choice.key, key, key));
      }
  }

  void check_effort() {
    const Metric& metric = request_.points.front().experiment.evaluation.choice().metric();
    const RaceSettings race = race_of(request_.settings, metric);
    if (race.evaluations < fewest_evaluations(race))
      fault("design.evaluations",
            fmt::format("{} are too few: a quarter is for predictions and half of what is left for "
                        "first looks, of which one takes {} draws at {} age{}; expected {} at "
                        "least",
                        asked_.evaluations, first_look_of(race), race.ages,
                        race.ages == 1 ? "" : "s", fewest_evaluations(race)));
    if (!asked_.share) return;
    const double error = (1 - request_.settings.confidence) / static_cast<double>(asked_.verify);
    const auto needed =
        static_cast<std::int64_t>(std::ceil(std::log(error) / std::log(*asked_.share)));
    if (asked_.verify_draws < needed)
      fault("design.verify_draws",
            fmt::format("{} good chips of {} cannot show that {:g} % of all are, for each of {} "
                        "designs; expected {} at least",
                        asked_.verify_draws, asked_.verify_draws, 100 * *asked_.share,
                        asked_.verify, needed));
  }

  void check_any_is_accepted(const Experiment& e) {
    const std::uint64_t tried = std::min(space_.size(), static_cast<std::uint64_t>(asked_.priced));
    std::string first;
    for (const std::uint64_t index : random_designs(space_.size(), tried, e.seed)) {
      std::string refusal = design_refusal(e, space_, index);
      if (refusal.empty()) return;
      if (first.empty()) first = std::move(refusal);
    }
    fault("design.choices",
          fmt::format("all {} designs that were tried are refused, the first: {}", tried, first));
  }

  void check_times(const Experiment& e) {
    std::vector<double> sorted = asked_.times_s;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
      return fault("design.times_s",
                   fmt::format("has {:g} twice; expected every age once", *twice));
    for (const double age : asked_.times_s) try {
        at_age(e, age);
      } catch (const ConfigError& error) {
        const Fault& first = error.faults().front();
        return fault("design.times_s", first.key + ": " + first.message);
      }
  }

  const BudgetRequest& request_;
  const DesignSettings& asked_;
  const DesignSpace space_;
  std::vector<Fault>& faults_;
};

// --- the search ---

class DesignSearch {
 public:
  DesignSearch(AnalysisContext& context, const Point& point)
      : context_(context),
        settings_(context.request.settings),
        point_(point),
        layer_bits_(study(context, point, *settings_.design)),
        asked_(with_layer_bits(*settings_.design, layer_bits_)),
        pool_(context, point, asked_) {
    if (pool_.designs().empty())
      throw ConfigError({context.request.fault(
          "design.choices",
          "all designs that were tried are refused, the first: " + pool_.first_refusal())});
  }

  FoundDesigns find(const Allowance& allowance) {
    FoundDesigns found{&point_, allowance, 0, pool_.space()};
    found.asked = race_of(settings_, metric());
    found.baseline =
        context_.evaluations.measure(pool_.experiment(0), 0, point_label(point_)).baseline();
    found.asked.limit = settings_.limit_of(allowance, metric(), found.baseline);
    const DesignOrder order = order_of(context_, point_, pool_, found.asked, found.baseline);
    found.predictions = order.predictions;
    RaceSettings remaining = found.asked;
    remaining.evaluations -= order.predictions;
    found.race = race(remaining, pool_.costs(), order.designs, seen(pool_));
    found.verified = verify_designs(to_verify(found), pool_.costs(), found.asked, fresh(pool_));
    found.layer_bits = layer_bits_;
    if (const VerifiedDesign* answer = cheapest_of(found.verified); answer && layer_bits_)
      found.answer_costs = layer_costs(context_, point_, asked_.cost, layer_bits_->layers,
                                       pool_.experiment(answer->design));
    if (asked_.compare_random) found.random = compare(found);
    found.designs = pool_.designs();
    found.refused = pool_.refused();
    found.first_refusal = pool_.first_refusal();
    return found;
  }

  /// A design that was verified: its chips on the draws that verified it.
  DesignFile file_of(const VerifiedDesign& v, std::size_t number) const {
    Experiment e = on_fresh_draws(pool_.experiment(v.design));
    e.title += (e.title.empty() ? "" : ": ") + pool_.words(v.design);
    e.evaluation.draws = asked_.verify_draws;
    e.evaluation.stop.reset();
    e.evaluation.confidence = settings_.confidence;
    Table sweep;
    Array ages;
    for (const double age : asked_.times_s) ages.push_back({age});
    if (!ages.empty()) sweep[kDesignAge] = {std::move(ages)};
    return {number, std::move(e), std::move(sweep)};
  }

 private:
  const Metric& metric() const { return point_.experiment.evaluation.choice().metric(); }

  MeasureDesign seen(const DesignPool& pool) {
    return [this, &pool](std::size_t design, std::int64_t draws) {
      return chips(pool.experiment(design), draws, pool.words(design));
    };
  }
  MeasureDesign fresh(const DesignPool& pool) {
    return [this, &pool](std::size_t design, std::int64_t draws) {
      return chips(on_fresh_draws(pool.experiment(design)), draws,
                   pool.words(design) + " on fresh draws");
    };
  }
  AgedChips chips(const Experiment& design, std::int64_t draws, const std::string& what) {
    const std::string label = point_label(point_) + ", " + what;
    AgedChips chips;
    for (const Experiment& aged : at_ages(design, asked_.times_s))
      chips.push_back(context_.evaluations.measure(aged, draws, label).replicates());
    return chips;
  }

  /// Random designs of as many evaluations as the search took, none of those that it looked for.
  RandomComparison compare(const FoundDesigns& found) {
    std::int64_t evaluations = found.race.spent + found.predictions;
    if (!layer_bits_) return compare(found, pool_, evaluations);
    evaluations += layer_bits_->evaluations;
    const DesignSettings asked = with_random_bits(found, evaluations);
    return compare(found, DesignPool(context_, point_, asked), evaluations);
  }

  RandomComparison compare(const FoundDesigns& found, const DesignPool& pool,
                           std::int64_t evaluations) {
    std::vector<std::size_t> order;
    for (const std::uint64_t design :
         random_designs(pool.unsought(), pool.unsought(), point_.experiment.seed + 1))
      order.push_back(design);
    return {
        pool.space(), pool.designs(),
        try_random_designs(found.asked, evaluations, pool.costs(), order, seen(pool), fresh(pool)),
        order.size()};
  }

  /// As many combinations as can be looked at, of the file's choices and of random bits in every
  /// layer.
  DesignSettings with_random_bits(const FoundDesigns& found, std::int64_t evaluations) const {
    const std::int64_t look = first_look_of(found.asked) * found.asked.ages,
                       looks = std::max<std::int64_t>(evaluations / look, 1);
    DesignSettings asked = *settings_.design;
    asked.choices.push_back(random_bits_choice(*layer_bits_, static_cast<std::size_t>(looks),
                                               point_.experiment.seed + 2));
    asked.priced = 2 * looks;  // of more combinations a random half of these
    return asked;
  }

  static std::optional<LayerBits> study(AnalysisContext& context, const Point& point,
                                        const DesignSettings& asked) {
    if (asked.layer_adc_bits.empty()) return std::nullopt;
    return study_layer_bits(context, point, asked);
  }
  static DesignSettings with_layer_bits(DesignSettings asked,
                                        const std::optional<LayerBits>& study) {
    if (study) asked.choices.push_back(layer_bits_choice(*study));
    return asked;
  }

  /// With what mixed bits have to be compared: the cheapest of the race that seem to hold with the
  /// same bits in all layers, before those that are worth fresh draws in any case.
  std::vector<std::size_t> to_verify(const FoundDesigns& found) const {
    const std::vector<double> costs = pool_.costs();
    std::vector<std::size_t> designs;
    if (layer_bits_) designs = uniform_ones(found, costs);
    for (const std::size_t design : finalists(found.race, costs, found.asked))
      if (std::ranges::count(designs, design) == 0) designs.push_back(design);
    designs.resize(std::min(designs.size(), found.asked.verify));
    return designs;
  }

  std::vector<std::size_t> uniform_ones(const FoundDesigns& found,
                                        const std::vector<double>& costs) const {
    constexpr std::size_t kMost = 2;
    std::vector<std::size_t> designs;
    for (const Runner& runner : found.race.runners)
      if (runner.judged.seems_to_hold && runner.judged.verdict != Tolerance::not_tolerated &&
          has_same_bits(pool_.designs()[runner.design].index))
        designs.push_back(runner.design);
    std::ranges::stable_sort(designs, {}, [&](std::size_t design) { return costs[design]; });
    designs.resize(std::min({designs.size(), kMost, found.asked.verify / 2}));
    return designs;
  }

  bool has_same_bits(std::uint64_t index) const {
    return ohmic::has_same_bits(pool_.space(), index);
  }

  AnalysisContext& context_;
  const BudgetSettings& settings_;
  const Point& point_;
  const std::optional<LayerBits> layer_bits_;
  const DesignSettings asked_;  ///< with the choice of layers' bits
  DesignPool pool_;
};

/// Files for the answers and every design of the fronts, and where they are written.
class DesignFiles {
 public:
  void add(const DesignSearch& search, std::vector<FoundDesigns>& all) {
    FoundDesigns& found = all.back();
    found.first_number = next_number_;
    next_number_ += found.verified.size();
    found.files.resize(found.verified.size());
    const VerifiedDesign* answer = cheapest_of(found.verified);
    for (std::size_t i = 0; i < found.verified.size(); ++i) {
      const VerifiedDesign& v = found.verified[i];
      if (!v.is_on_front && &v != answer) continue;
      files_.push_back(search.file_of(v, found.first_number + i));
      places_.emplace_back(all.size() - 1, i);
    }
  }

  void write(const std::filesystem::path& folder, std::vector<FoundDesigns>& all) const {
    const WrittenDesigns written = write_designs(folder, files_);
    for (FoundDesigns& found : all) found.question = written.question;
    for (std::size_t i = 0; i < places_.size(); ++i)
      all[places_[i].first].files[places_[i].second] = written.files[i].string();
  }

 private:
  std::size_t next_number_ = 1;
  std::vector<DesignFile> files_;
  std::vector<std::pair<std::size_t, std::size_t>> places_;  ///< in all, and of those verified
};

std::string said(const FoundDesigns& found, const BudgetSettings& settings) {
  const VerifiedDesign* cheapest = cheapest_of(found.verified);
  const std::string asked = settings.phrase(found.allowance, MetricWords(found.point->experiment));
  if (!cheapest) return asked + ": no design shown to hold on fresh draws";
  return fmt::format("{}: {} is the cheapest that holds", asked,
                     design_words(found.space, found.designs[cheapest->design].index));
}

}  // namespace

bool has_same_bits(const DesignSpace& space, std::uint64_t index) {
  return std::ranges::none_of(
      space.keys(index), [](const auto& key) { return !layer_of_adc_bits(key.first).empty(); });
}

std::int64_t FoundDesigns::verification() const {
  return std::ssize(verified) * asked.verify_draws * asked.ages;
}

void check_design(const BudgetRequest& request, std::vector<Fault>& faults) {
  RequestCheck(request, faults).run();
}

std::vector<FoundDesigns> find_designs(AnalysisContext& context) {
  const BudgetSettings& settings = context.request.settings;
  std::vector<FoundDesigns> all;
  DesignFiles files;
  for (const Point& point : context.request.points) {
    DesignSearch search(context, point);
    for (const Allowance& allowance :
         settings.allowances(point.experiment.evaluation.choice().metric())) {
      all.push_back(search.find(allowance));
      files.add(search, all);
      context.progress.say(fmt::format("{}: {}", point_label(point), said(all.back(), settings)));
    }
  }
  files.write(context.folder, all);
  return all;
}

}  // namespace ohmic
