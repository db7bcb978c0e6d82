#include "nn/train/divergence.hpp"

#include <algorithm>

#include "nn/io/file.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kLongest = 500;

std::filesystem::path file_in(const std::filesystem::path& folder) {
  return folder / "diverged.txt";
}

std::string second_line(const std::string& identity) { return "\nidentity " + identity + "\n"; }

bool is_plain(const std::string& text) {
  return text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::string divergence_text(std::int64_t epoch, std::int64_t epochs, const std::string& what) {
  return "diverged in epoch " + std::to_string(epoch) + " of " + std::to_string(epochs) + ": " +
         what;
}

void write_divergence(const std::filesystem::path& folder, const std::string& identity,
                      const std::string& text) {
  replace_file(file_in(folder), {text, second_line(identity)});
}

std::optional<std::string> read_divergence(const std::filesystem::path& folder,
                                           const std::string& identity) {
  if (!std::filesystem::is_regular_file(file_in(folder))) return std::nullopt;
  const std::string content = read_bytes(file_in(folder)), end = second_line(identity);
  if (!content.ends_with(end)) return std::nullopt;
  const std::string text = content.substr(0, content.size() - end.size());
  return is_plain(text) ? std::optional(text) : std::nullopt;
}

}  // namespace ohmic
