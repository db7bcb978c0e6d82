// Who works on what in a run folder, for processes that share it: on one machine, under mpirun, on
// nodes with a common file system. Locks of one file's bytes, one byte per name, which the
// operating system lets go of when their process dies in any way
// (docs/decisions/008-sharing-by-locks.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ohmic {

/// A claim, given up when destroyed.
class Claim {
 public:
  Claim(std::shared_ptr<const int> file, std::int64_t byte) : file_(std::move(file)), byte_(byte) {}
  Claim(Claim&&) = default;
  Claim& operator=(Claim&&) = delete;
  ~Claim();

 private:
  std::shared_ptr<const int> file_;  ///< descriptor; null: moved from
  std::int64_t byte_;
};

/// The claims of one process. Two objects on one file stand for two processes; claims of one object
/// do not exclude each other.
class Claims {
 public:
  /// Makes the file if absent. Every function here throws OutputError where the file or the file
  /// system does not allow it, naming the reason.
  explicit Claims(const std::filesystem::path& file);

  /// Nothing when another process holds `name` in any way.
  std::optional<Claim> try_exclusive(const std::string& name) const;
  /// Nothing when another process holds `name` exclusively.
  std::optional<Claim> try_shared(const std::string& name) const;
  /// Waits for it, however long; calls `on_wait` before, if it has to.
  Claim exclusive(const std::string& name, const std::function<void()>& on_wait = {}) const;

  /// Whether a process holds `name`; changes nothing, and an absent file is nobody's.
  static bool is_held(const std::filesystem::path& file, const std::string& name);

 private:
  std::optional<Claim> claim(const std::string& name, int type, int command) const;

  std::filesystem::path path_;
  std::shared_ptr<const int> file_;
};

}  // namespace ohmic
