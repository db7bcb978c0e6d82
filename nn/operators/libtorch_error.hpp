// Exceptions of LibTorch, which throws its own and the standard library's. Private to nn/.
#pragma once

#include <exception>
#include <string>

namespace ohmic {

/// What one says, without where in LibTorch it was thrown.
std::string said_by_libtorch(const std::exception&);

}  // namespace ohmic
