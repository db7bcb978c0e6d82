// Several runs side by side.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/figures/accuracy_figure.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/report/result_tables.hpp"
#include "experiments/report/sections.hpp"
#include "experiments/study/metric_words.hpp"
#include "nn/data/dataset.hpp"

namespace ohmic {
namespace {

using Runs = std::vector<RunRecord>;
using Groups = std::vector<std::vector<Group>>;

/// Names of the folders, told apart by number where they are the same.
std::vector<std::string> names_of(const Runs& runs) {
  std::vector<std::string> names;
  for (const RunRecord& run : runs) {
    std::string name = run.name();
    if (std::count(names.begin(), names.end(), name) > 0)
      name += fmt::format(" ({})", names.size() + 1);
    names.push_back(name);
  }
  return names;
}

std::string label_of(const Group& group) {
  return group.axes.empty() ? "all" : axes_words(group.axes);
}

const Group* find(const std::vector<Group>& groups, const std::string& label) {
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&](const Group& g) { return label_of(g) == label; });
  return found == groups.end() ? nullptr : &*found;
}

Estimate average_or_shown(const Group& group) {
  return std::isnan(group.average.mean) ? group.points.front().shown() : group.average;
}

DataTable side_by_side(const Runs& runs, const Groups& groups) {
  DataTable table{"side_by_side", "", {titled("")}};
  std::vector<std::string> labels;
  for (const auto& of_run : groups)
    for (const Group& group : of_run) labels.push_back(label_of(group));
  const std::vector<std::string> names = names_of(runs);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const MetricWords words(groups[i].empty() ? nullptr : groups[i].front().experiment);
    const bool is_accuracy = words.metric().has_normalized;
    const std::string of = names[i] + ": ";
    table.append({titled(of + (is_accuracy ? "a_o" : "without noise"), words.digits()),
                  titled(of + (is_accuracy ? "A" : words.axis()), words.digits())});
  }
  for (const std::string& label : distinct(labels)) {
    std::vector<Cell> cells{label};
    for (const auto& of_run : groups) {
      const Group* group = find(of_run, label);
      cells.push_back(group ? group->baseline : Cell());
      cells.push_back(group ? average_or_shown(*group) : Cell());
    }
    table.add(cells);
  }
  return table;
}

using Hashes = std::set<std::string>;

/// What a run was measured with, by content: "data.test" -> hashes. Sets without samples are left
/// out.
std::map<std::string, Hashes> contents_of(const RunRecord& run) {
  static const std::string nothing = ImageSet().hash();
  static const std::pair<const char*, const char*> kinds[] = {
      {"weights_sha256: ", "weights"},
      {"plugins_sha256: ", "plug-ins"},
      {"devices_sha256: ", "files of [device]"}};
  std::map<std::string, Hashes> contents;
  for (const auto& [key, hash] : run.provenance) {
    if (key.starts_with("data_sha256: ") && hash != nothing)
      contents[key.ends_with(" train") ? "data.train" : "data.test"].insert(hash);
    for (const auto& [prefix, what] : kinds)
      if (key.starts_with(prefix)) contents[what].insert(hash);
  }
  return contents;
}

std::string shown_hashes(const Hashes& hashes) {
  constexpr std::size_t kDigits = 12, kShown = 2;
  std::vector<std::string> shown;
  for (const std::string& hash : hashes)
    if (shown.size() < kShown) shown.push_back(hash.substr(0, kDigits));
  const std::string more =
      hashes.size() > kShown ? fmt::format(" and {} more", hashes.size() - kShown) : "";
  return fmt::format("{}{}", fmt::join(shown, ", "), more);
}

/// Lines for data, weights and other files that do not hold the same in all runs that say what
/// theirs hold.
void add_contents(const Runs& runs, DataTable& table) {
  std::map<std::string, std::vector<Hashes>> by_what;
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (auto& [what, hashes] : contents_of(runs[i])) {
      by_what[what].resize(runs.size());
      by_what[what][i] = std::move(hashes);
    }
  for (const auto& [what, by_run] : by_what) {
    std::set<Hashes> distinct;
    std::vector<Cell> cells{what + " (content, SHA-256)"};
    for (const Hashes& hashes : by_run) {
      if (!hashes.empty()) distinct.insert(hashes);
      cells.emplace_back(shown_hashes(hashes));
    }
    if (distinct.size() > 1) table.add(cells);
  }
}

/// Keys whose values are not the same in all runs, and files that do not hold the same.
DataTable differences(const Runs& runs) {
  DataTable table{"settings", "", {titled("key")}};
  for (const std::string& name : names_of(runs)) table.append({titled(name)});
  std::vector<std::string> keys;
  std::vector<std::vector<std::pair<std::string, std::string>>> settings(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    settings[i] = leaves_of(parse_toml(runs[i].resolved, "resolved.toml"));
    for (const auto& entry : settings[i]) keys.push_back(entry.first);
  }
  for (const std::string& key : distinct(keys)) {
    std::vector<std::string> values;
    for (const auto& of_run : settings) {
      const auto entry =
          std::find_if(of_run.begin(), of_run.end(), [&](const auto& e) { return e.first == key; });
      values.push_back(entry == of_run.end() ? "" : entry->second);
    }
    if (distinct(values).size() > 1) table.add({key}, {values.begin(), values.end()});
  }
  add_contents(runs, table);
  return table;
}

bool has_one_metric(const std::vector<Group>& groups) {
  return std::all_of(groups.begin(), groups.end(), [&](const Group& g) {
    return MetricWords(g.experiment).title() == MetricWords(groups.front().experiment).title();
  });
}

/// All groups with the run as one more axis.
std::vector<Group> with_run_axis(const Runs& runs, const Groups& groups) {
  const std::vector<std::string> names = names_of(runs);
  std::vector<Group> all;
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (Group group : groups[i]) {
      group.axes.push_back({"run", names[i]});
      all.push_back(std::move(group));
    }
  return all;
}

}  // namespace

std::vector<Section> comparison_sections(const Runs& runs, const Groups& groups,
                                         ReportWriter& press) {
  Markup content;
  const std::vector<Group> all = with_run_axis(runs, groups);
  const bool one_metric = has_one_metric(all);
  if (has_accuracy_figure(all) && one_metric) {
    Figure figure = accuracy_figure(all);
    figure.name = "side_by_side";
    const std::string what = MetricWords(all.front().experiment).over_eta_title();
    content += press.figure(figure, what + " against the noise, run by run.");
  }
  content += press.table(side_by_side(runs, groups));
  content += element(
      "p", one_metric && !all.empty() && MetricWords(all.front().experiment).metric().has_normalized
               ? "In %. a_o: accuracy without noise. A: its mean over the η above 0 "
                 "where η is swept."
               : "Means are over the η above 0 where η is swept.");
  if (!all.empty())
    content += element("p", fmt::format("± is half of the {} intervals over draws, for these test "
                                        "images.",
                                        levels_text(all)));
  std::vector<Section> sections{{"side", "Side by side", content}};
  const Markup settings = press.table(differences(runs));
  if (!settings.empty()) sections.push_back({"settings", "What differs", settings});
  return sections;
}

}  // namespace ohmic
