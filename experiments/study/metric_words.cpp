#include "experiments/study/metric_words.hpp"

#include <fmt/format.h>

#include <cctype>

namespace ohmic {

std::string MetricWords::axis(const std::string& of) const {
  return metric_->unit.empty() ? of : of + " (" + metric_->unit + ")";
}

std::string MetricWords::column(const std::string& of) const {
  return metric_->unit.empty() ? of : of + " " + metric_->unit;
}

std::string MetricWords::loss_unit() const {
  return metric_->unit == "%"    ? "points of " + title()
         : metric_->unit.empty() ? title()
                                 : metric_->unit;
}

std::string MetricWords::loss_axis() const {
  return metric_->unit == "%" ? title() + " (points)" : axis();
}

Digits MetricWords::digits() const { return metric_->unit == "%" ? kPercent : Digits::general(4); }

std::string MetricWords::text_with_unit(double value) const {
  const std::string words = text(value);
  return metric_->unit.empty() || words.empty() ? words : words + " " + metric_->unit;
}

Digits MetricWords::difference_digits() const {
  Digits own = digits();
  if (own.form == Digits::Form::fixed) own.form = Digits::Form::difference;
  return own;
}

std::string MetricWords::limit_column() const {
  return (metric_->better == Better::higher ? "least_" : "most_") + metric_->name;
}

std::string MetricWords::over_eta_axis() const {
  return metric_->has_normalized ? "normalised accuracy (%)" : axis();
}

std::string MetricWords::capital_title() const {
  std::string words = title();
  words.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(words.front())));
  return words;
}

std::string MetricWords::over_eta_title() const {
  return metric_->has_normalized ? "Normalised accuracy" : capital_title();
}

std::string MetricWords::mean_axis() const {
  return metric_->has_normalized ? "mean normalised accuracy, A_avr (%)"
                                 : axis("mean " + title() + " over η");
}

std::string MetricWords::at_eta_column(double eta) const {
  return metric_->has_normalized ? fmt::format("A {:g} %", 100 * eta)
                                 : fmt::format("{} at {:g} %", title(), 100 * eta);
}

}  // namespace ohmic
