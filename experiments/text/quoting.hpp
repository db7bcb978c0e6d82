// Text from outside (titles, names of folders, swept strings, names of layers) on its way into what
// somebody else reads. Every writer takes it from here: no text can end a line, a string or a
// comment that it stands in, or give a terminal, a shell or gnuplot an order.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ohmic {

/// One line of valid UTF-8 that shows all it holds: tabs and ends of lines are blanks; other
/// control characters, marks that turn the direction of writing, and bytes that are no UTF-8 are
/// U+FFFD. For terminals, SPICE comments, and wherever a line is a unit.
std::string one_line(std::string_view);
/// The same, with tabs and line feeds as they are.
std::string lines(std::string_view);
/// At most so many code points, "..." in the middle of what was longer: paths are told apart by
/// their ends.
std::string shortened(std::string_view, std::size_t most);
/// Code points, which is the width of a line that holds no double-width characters.
std::size_t length_of(std::string_view);

/// A string constant of gnuplot's language, of one line and at most 200 code points. Single quotes
/// become typographic ones: gnuplot reads a constant that begins with a doubled one as two.
std::string gnuplot_string(std::string_view);
/// The same where gnuplot takes it for a format: the name of a tic.
std::string gnuplot_tic(std::string_view);
/// Text or an attribute's value in HTML and SVG.
std::string html_text(std::string_view);
/// A cell of RFC 4180, of one line.
std::string csv_cell(std::string_view);
/// Plain text in Markdown, of one line: no HTML, no cell of a table ends. Backticks, stars and
/// underscores are left to the one who writes.
std::string markdown_line(std::string_view);
/// A word as bash reads it back, on one line without control characters; bytes are kept, except
/// that a word ends at NUL.
std::string shell_word(std::string_view);
/// A part of a file's name: letters, digits, '-' and '.', everything between them an underscore; at
/// most 100 characters, never hidden, never empty.
std::string file_name_part(std::string_view);

}  // namespace ohmic
