#include "experiments/study/plugin.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>

#include "nn/io/sha256.hpp"
#include "simulator/device_model.hpp"
#include "simulator/version.hpp"

namespace ohmic {
namespace {

std::vector<Plugin>& loaded() {
  static std::vector<Plugin> plugins;
  return plugins;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw ConfigError(fmt::format("--plugin {}: {}", file.string(), why));
}

std::set<std::string> device_names() {
  std::set<std::string> names;
  for (const DeviceKind& kind : device_kinds()) names.insert(kind.name);
  return names;
}

/// What the loader said, without the file's name that it begins with.
std::string reason(const std::string& said, const std::filesystem::path& file) {
  const std::string prefix = file.string() + ": ";
  return said.starts_with(prefix) ? said.substr(prefix.size()) : said;
}

/// The release that a symbol of OHMIC_RELEASE stands for, "0.2.0"; empty for another.
std::string release_of(const std::string& said) {
  const std::string prefix = "undefined symbol: ohmic_release_";
  const auto at = said.find(prefix);
  if (at == std::string::npos) return {};
  const auto begin = at + prefix.size();
  std::string release = said.substr(begin, said.find_first_not_of("0123456789_", begin) - begin);
  std::replace(release.begin(), release.end(), '_', '.');
  return release;
}

[[noreturn]] void refuse_load(const std::filesystem::path& file, const std::string& said) {
  if (const std::string release = release_of(said); !release.empty())
    refuse(file, fmt::format("was built against ohmic {}, this is ohmic {}; build it again",
                             release, version()));
  if (said.find("undefined symbol") != std::string::npos)
    refuse(file, fmt::format("{}; link the plug-in with what defines it", said));
  refuse(file, fmt::format("cannot be loaded as a shared library: {}", said));
}

/// A loader maps a library as its headers say; behind the end of a truncated file lies SIGBUS. So
/// what the headers of a 64-bit ELF file name must lie within it. Anything else is the loader's to
/// refuse.
void check_is_whole(const std::filesystem::path& given, const std::filesystem::path& file) {
  const std::uint64_t size = std::filesystem::file_size(file);
  std::ifstream stream(file, std::ios::binary);
  Elf64_Ehdr elf{};
  if (!stream.read(reinterpret_cast<char*>(&elf), sizeof elf) ||
      std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64)
    return;
  const auto check = [&](std::uint64_t offset, std::uint64_t bytes) {
    if (offset > size || bytes > size - offset)
      refuse(given, fmt::format("is damaged: it has {} bytes and its headers name {} bytes at {}",
                                size, bytes, offset));
  };
  check(elf.e_phoff, std::uint64_t{elf.e_phnum} * sizeof(Elf64_Phdr));
  check(elf.e_shoff, std::uint64_t{elf.e_shnum} * sizeof(Elf64_Shdr));
  stream.seekg(static_cast<std::streamoff>(elf.e_phoff));
  Elf64_Phdr part{};
  for (int i = 0; i < elf.e_phnum; ++i)
    if (stream.read(reinterpret_cast<char*>(&part), sizeof part))
      check(part.p_offset, part.p_filesz);
}

std::filesystem::path existing(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) refuse(file, "there is no such file");
  return std::filesystem::canonical(file);
}

void named_device(const Value& value, std::set<std::string>& names) {
  if (value.is_array())
    for (const Value& element : value.array()) named_device(element, names);
  if (!value.is_table()) return;
  for (const auto& entry : value.table().entries()) {
    const auto* name = std::get_if<std::string>(&entry.value.data);
    if (name && entry.key == "model") names.insert(*name);
    named_device(entry.value, names);
  }
}

}  // namespace

void load_plugin(const std::filesystem::path& given) {
  const std::filesystem::path file = existing(given);
  for (const Plugin& plugin : loaded())
    if (plugin.file == file) return;
  check_is_whole(given, file);
  const std::set<std::string> before = device_names();
  const std::size_t refused = refused_device_kinds().size();
  if (!dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) refuse_load(given, reason(dlerror(), file));
  if (refused_device_kinds().size() > refused)
    refuse(given, fmt::format("registers a device model \"{}\", which exists already; rename it",
                              refused_device_kinds().back()));
  Plugin plugin{file, sha256_of_file(file), {}};
  for (const std::string& name : device_names())
    if (!before.count(name)) plugin.devices.push_back(name);
  if (plugin.devices.empty()) refuse(given, "registers no device model (OHMIC_REGISTER_DEVICE)");
  loaded().push_back(std::move(plugin));
}

const std::vector<Plugin>& plugins() { return loaded(); }

std::vector<std::string> plugin_hashes(const Value& device) {
  std::set<std::string> names, hashes;
  named_device(device, names);
  for (const Plugin& plugin : loaded())
    for (const std::string& name : plugin.devices)
      if (names.count(name)) hashes.insert(plugin.sha256);
  return {hashes.begin(), hashes.end()};
}

}  // namespace ohmic
