// Errors of a program that uses the library, not of a user's files: calls in the wrong order, or
// with what no file could hold. Our own bugs stop at OHMIC_ASSERT instead.
#pragma once

#include "simulator/error.hpp"

namespace ohmic {

/// A function was called before another one that it needs, or with arguments outside of what its
/// header says. Names the function and what it needs; the object is as it was before.
class CallError : public Error {
 public:
  using Error::Error;
};

/// Throws CallError with the message unless `holds`.
inline void require_call(bool holds, const char* message) {
  if (!holds) throw CallError(message);
}

}  // namespace ohmic
