// A metric in a reader's words, the same in every figure, table and line.
#pragma once

#include <string>

#include "experiments/study/experiment.hpp"
#include "experiments/text/table.hpp"

namespace ohmic {

class MetricWords {
 public:
  explicit MetricWords(const MetricChoice& choice) : choice_(choice), metric_(&choice.metric()) {}
  explicit MetricWords(const Experiment& e) : MetricWords(e.evaluation.choice()) {}
  /// Null: of accuracy.
  explicit MetricWords(const Experiment* e)
      : MetricWords(e ? e->evaluation.choice() : MetricChoice{}) {}

  const Metric& metric() const { return *metric_; }
  /// What a reader's numbers are multiplied by: 100 of per cents.
  double factor() const { return metric_->factor(); }
  /// "accuracy", "top-5 accuracy".
  std::string title() const { return choice_.title(); }
  /// At the beginning of a sentence.
  std::string capital_title() const;
  /// "accuracies", of another metric "values of agreement".
  std::string plural() const {
    return metric_->has_normalized ? "accuracies" : "values of " + title();
  }
  /// "accuracy (%)", "mean squared error": of an axis.
  std::string axis() const { return axis(title()); }
  /// The same of something in the metric's unit: "mean accuracy (%)".
  std::string axis(const std::string& of) const;
  /// "baseline %", "baseline dB", "baseline": of a column of a text table.
  std::string column(const std::string& of) const;
  /// What losses are in: "points of accuracy", "dB", "mean squared error".
  std::string loss_unit() const;
  /// Of an axis of losses: "accuracy (points)", "signal-to-noise ratio (dB)".
  std::string loss_axis() const;
  /// Numbers without their unit: "91.00", "0.01234"; "91.00 ± 0.20".
  Digits digits() const;
  /// The same of differences, with their sign.
  Digits difference_digits() const;
  std::string text(double value) const { return digits().text(value); }
  std::string text(const Estimate& e) const { return digits().text(e); }
  /// With its unit: "91.00 %", "12.3 dB", "0.0123".
  std::string text_with_unit(double value) const;
  /// The name of a column of a file: "accuracy", "least_accuracy", "most_mse".
  std::string limit_column() const;

  /// What is shown against eta: the paper's normalised accuracy where there is one, else the
  /// metric itself. "normalised accuracy (%)".
  std::string over_eta_axis() const;
  /// At the beginning of a sentence: "Normalised accuracy".
  std::string over_eta_title() const;
  /// Its mean over eta: "mean normalised accuracy, A_avr (%)".
  std::string mean_axis() const;
  /// The same in a column: "A_avr", "mean".
  std::string mean_column() const { return metric_->has_normalized ? "A_avr" : "mean over η"; }
  /// At one eta, a fraction: "A 10 %", "mean squared error at 10 %".
  std::string at_eta_column(double eta) const;

 private:
  MetricChoice choice_;
  const Metric* metric_;
};

}  // namespace ohmic
