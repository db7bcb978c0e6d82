// The paper's numbers (experiments/paper/published.toml), which stand beside ours where a network
// is one of the paper's: matched by data, model, optimizer and learning rate, for the layout it
// used.
#pragma once

#include <string>

namespace ohmic {

/// "paper": what their column and their points are called.
std::string published_label();

}  // namespace ohmic
