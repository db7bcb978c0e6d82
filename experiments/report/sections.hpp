// One run as sections of a page.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/figures/gnuplot.hpp"
#include "experiments/report/html.hpp"
#include "experiments/results/groups.hpp"
#include "experiments/results/run_record.hpp"

namespace ohmic {

/// Draws figures and writes tables as sections ask for them, and hands back their HTML. Files of
/// the second run onwards start with its number.
class ReportWriter {
 public:
  ReportWriter(std::filesystem::path folder, bool figures, bool tables)
      : folder_(std::move(folder)), draws_(figures), writes_(tables) {}

  /// `level`: of the intervals of its tables, see as_shown.
  void begin_run(std::size_t number, std::string level) {
    run_ = number;
    level_ = std::move(level);
  }
  /// The figure with its caption; empty where it could not be drawn.
  Markup figure(Figure, const Markup& caption);
  /// The table; empty where it has no lines.
  Markup table(const DataTable&);
  /// Written beside the page only.
  void file(const DataTable&);

  std::size_t figures() const { return figures_; }
  std::size_t tables() const { return tables_; }
  const std::string& problem() const { return problem_; }

 private:
  std::string prefix() const;
  std::filesystem::path folder_;
  bool draws_, writes_;
  std::size_t run_ = 1, figures_ = 0, tables_ = 0;
  std::string level_, problem_;
};

struct Section {
  std::string id, title;
  Markup content;
};

using Facts = std::vector<std::pair<std::string, Markup>>;
/// Names with what is to be known of them.
Markup fact_list(const Facts&);

/// The chain from network to converters in words, swept keys with their values, every key of the
/// first point that is not at its default, and the resolved file. `question`, where there is one,
/// comes first.
Section asked_section(const std::vector<Point>&, const std::string& resolved,
                      const Facts& question);
/// Of read_provenance.
Section provenance_section(const std::vector<std::pair<std::string, std::string>>&);
/// The values of a table by dotted key.
std::vector<std::pair<std::string, std::string>> leaves_of(const Value& table);

/// In reading order; sections that would be empty are left out.
std::vector<Section> run_sections(const RunRecord&, const std::vector<Group>&, ReportWriter&);

/// A whole page of these sections, with a table of contents and what is missing at its end.
std::string report_page(const std::string& title, const std::string& lead,
                        const std::vector<Section>&, const ReportWriter&);

/// Several runs in one table and one figure, and what differs in their settings.
std::vector<Section> comparison_sections(const std::vector<RunRecord>&,
                                         const std::vector<std::vector<Group>>&, ReportWriter&);

}  // namespace ohmic
