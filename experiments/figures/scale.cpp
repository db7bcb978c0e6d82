#include "experiments/figures/scale.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"

namespace ohmic {

Scale::Scale(const std::string& key, const std::string& title,
             const std::vector<std::string>& values)
    : names_(values) {
  for (const std::string& name : names_) numbers_.push_back(number_in(name));
  named_ = std::any_of(numbers_.begin(), numbers_.end(), [](double x) { return std::isnan(x); });
  axis_.title = title;
  named_ ? take_names(key) : take_numbers();
}

double Scale::at(const std::string& value) const { return numbers_[index_of(names_, value)]; }

std::vector<std::string> Scale::ascending() const {
  std::vector<std::pair<double, std::string>> places;
  for (std::size_t i = 0; i < names_.size(); ++i) places.emplace_back(numbers_[i], names_[i]);
  std::ranges::stable_sort(places, {}, &std::pair<double, std::string>::first);
  std::vector<std::string> values;
  for (auto& [place, name] : places) values.push_back(std::move(name));
  return values;
}

double Scale::beside(std::size_t curve, std::size_t curves) const {
  if (!named_) return 0;
  return 0.5 * ((static_cast<double>(curve) + 0.5) / static_cast<double>(curves) - 0.5);
}

void Scale::take_names(const std::string& key) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    numbers_[i] = static_cast<double>(i);
    words.push_back(value_words(key, names_[i]));
  }
  axis_ = named_axis(axis_.title, words);
}

void Scale::take_numbers() {
  constexpr double kWideSpread = 30;
  const auto [least, most] = std::minmax_element(numbers_.begin(), numbers_.end());
  axis_.logarithmic = *least > 0 && *most / *least >= kWideSpread;
  for (std::size_t i = 0; i < names_.size(); ++i) axis_.tics.emplace_back(numbers_[i], names_[i]);
}

}  // namespace ohmic
