// The manual pages that `ohmic describe` prints and docs/parameters.md holds, made from schemas.
#pragma once

#include <string>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// A table's parameters with type, unit, range, default, doc and source, as text of 100 columns or
/// as Markdown; sub-tables follow their parents. `name` is the dotted key of the table.
std::string describe_text(const SchemaBase&, const std::string& name);
std::string describe_markdown(const SchemaBase&, const std::string& name);
/// One parameter of the table `name`, as text.
std::string describe_parameter(const SchemaBase&, const std::string& name, const Parameter&);

/// Text broken into lines of at most 100 columns, each indented.
std::string wrapped(const std::string& text, std::size_t indent);

}  // namespace ohmic
