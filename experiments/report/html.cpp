#include "experiments/report/html.hpp"

#include <fmt/format.h>

#include <regex>

#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

/// gnuplot's opening tag gives its size once as width and height, once as viewBox.
std::string without_size(std::string opening) {
  return std::regex_replace(opening, std::regex(R"re(\s(width|height)="[^"]*")re"), "");
}

std::string with_prefixed_ids(const std::string& svg, const std::string& prefix) {
  static const std::regex ids(R"re((\bid=["']|href=["']#|url\(["']?#))re");
  return std::regex_replace(svg, ids, "$1" + prefix + "-");
}

Markup cell_element(const Column& column, const Cell& cell, bool is_label) {
  Markup content = column.text(cell);
  if (const std::string half = column.half_width(cell); !half.empty())
    content += element("span", {{"class", "pm"}}, " ± " + half);
  if (is_label) return element("th", {{"scope", "row"}}, content);
  return element("td", content);
}

}  // namespace

Markup::Markup(std::string_view text) : html_(html_text(text)) {}

Markup Markup::trusted(std::string html) {
  Markup markup;
  markup.html_ = std::move(html);
  return markup;
}

Markup& Markup::operator+=(const Markup& more) {
  html_ += more.html_;
  return *this;
}

Markup element(const std::string& name, const Attributes& attributes, const Markup& content) {
  std::string html = "<" + name;
  for (const auto& [key, value] : attributes) html += " " + key + "=\"" + html_text(value) + "\"";
  return Markup::trusted(html + ">" + content.html() + "</" + name + ">");
}

Markup element(const std::string& name, const Markup& content) {
  return element(name, {}, content);
}

Markup table_element(const DataTable& table) {
  Markup titles, body, content;
  std::vector<Markup> rows(table.lines.size());
  std::size_t place = 0;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    if (!column.title) continue;
    const bool is_label = place++ < table.labels;
    titles +=
        element("th", {{"scope", "col"}, {"class", is_label ? "label" : "number"}}, *column.title);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] += cell_element(column, table.lines[i].cells[c], is_label);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& kind = table.lines[i].kind;
    body += element("tr", kind.empty() ? Attributes{} : Attributes{{"class", kind}}, rows[i]);
  }
  if (!table.caption.empty()) content += element("caption", table.caption);
  content += element("thead", element("tr", titles)) + element("tbody", body);
  return element("div", {{"class", "scroll"}, {"tabindex", "0"}}, element("table", content));
}

Markup inline_svg(const std::string& svg, const std::string& prefix) {
  const auto begin = svg.find("<svg");
  const auto end = svg.rfind("</svg>");
  const auto opened = svg.find('>', begin);
  if (begin == std::string::npos || end == std::string::npos || opened > end) return {};
  return Markup::trusted(without_size(svg.substr(begin, opened - begin)) +
                         with_prefixed_ids(svg.substr(opened, end + 6 - opened), prefix));
}

std::string document(const std::string& title, const std::string& style, const Markup& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}\n</body>\n</html>\n",
      Markup(title).html(), style, body.html());
}

}  // namespace ohmic
