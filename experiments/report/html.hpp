// HTML by construction well-formed: text becomes markup only through escaping, elements only whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/text/table.hpp"

namespace ohmic {

/// A piece of HTML: text (escaped when it becomes one), elements, or several of them in a row.
class Markup {
 public:
  Markup() = default;
  Markup(std::string_view text);
  Markup(const std::string& text) : Markup(std::string_view(text)) {}
  Markup(const char* text) : Markup(std::string_view(text)) {}

  /// HTML from elsewhere, taken as it is: must be well-formed.
  static Markup trusted(std::string html);

  Markup& operator+=(const Markup& more);
  friend Markup operator+(Markup a, const Markup& b) { return a += b; }
  bool empty() const { return html_.empty(); }
  const std::string& html() const { return html_; }

 private:
  std::string html_;
};

using Attributes = std::vector<std::pair<std::string, std::string>>;

/// <name attributes>content</name>.
Markup element(const std::string& name, const Attributes&, const Markup& content);
Markup element(const std::string& name, const Markup& content);

/// A table in a box that scrolls sideways.
Markup table_element(const DataTable&);

/// An SVG file as an element of a page: without prolog and fixed size, scaled by its viewBox, its
/// ids starting with `prefix` so that several can share a page. Empty
/// where the text holds no SVG.
Markup inline_svg(const std::string& svg, const std::string& prefix);

/// A whole document. `style` is CSS.
std::string document(const std::string& title, const std::string& style, const Markup& body);

}  // namespace ohmic
