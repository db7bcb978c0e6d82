// Errors of ohmic: what a user gave us is reported by a typed exception that says the value and
// what would be accepted; our own bugs stop at OHMIC_ASSERT. Libraries never print and never exit.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace ohmic {

/// A place in an experiment file. `file` is "--set" for a command line override; line and column
/// count from 1 and are 0 where there is no place.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  /// "file:line:column", or only what is known of it.
  std::string text() const;
};

/// One thing wrong with a configuration.
struct Fault {
  Position where;
  std::string key;      ///< dotted key, "device.eta"
  std::string message;  ///< the value found and what would be accepted

  /// "file:line:col: error: device.eta: ..."
  std::string text() const;
};

/// Base of everything that a user can mend.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The configuration is wrong; holds every fault found, not just the first.
class ConfigError : public Error {
 public:
  explicit ConfigError(std::vector<Fault> faults);
  explicit ConfigError(const std::string& message);
  const std::vector<Fault>& faults() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

/// A data set, weight file or checkpoint is missing, damaged or does not fit. Names the file.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A back end or device cannot do what was asked; says which option or build would.
class UnsupportedError : public Error {
 public:
  using Error::Error;
};

/// Writing or reading a result failed (disk full, permission). Names the file and the reason.
class OutputError : public Error {
 public:
  using Error::Error;
};

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace ohmic

/// Stops with file and line when one of ohmic's own invariants is broken; never for user input.
#define OHMIC_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::ohmic::assertion_failed(#condition, __FILE__, __LINE__))
