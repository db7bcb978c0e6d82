#include "experiments/results/axis_columns.hpp"

#include "experiments/study/words.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {

std::string shown_value(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  return shortened(one_line(text), kLongest);
}

Fields axis_fields(const Point& point) {
  Fields fields;
  for (const auto& [key, value] : point.axes)
    fields.push_back({{key, key_title(key, &point.experiment)},
                      {plain_cell(value).value, shown_value(value_words(key, plain_text(value)))}});
  return fields;
}

std::vector<Column> axis_columns(const Point& point) {
  std::vector<Column> columns;
  for (const auto& field : axis_fields(point)) columns.push_back(field.first);
  return columns;
}

std::vector<Cell> axis_cells(const Point& point) {
  std::vector<Cell> cells;
  for (const auto& field : axis_fields(point)) cells.push_back(field.second);
  return cells;
}

std::vector<Column> axis_keys(const Point& point) {
  std::vector<Column> columns;
  for (const auto& axis : point.axes) columns.push_back({axis.first});
  return columns;
}

std::string point_title(const Point& point) {
  const std::string words = axes_words(text_axes(point));
  return words.empty() ? network_words(point.experiment) : words;
}

}  // namespace ohmic
