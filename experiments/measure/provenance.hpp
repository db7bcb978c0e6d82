// provenance.json: which program, machine, data and weights the numbers come from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace ohmic {

struct Provenance {
  std::uint64_t seed = 0;
  int threads = 0;
  std::string device;                           ///< "cpu", "cuda:0"
  std::map<std::string, std::string> data;      ///< "cifar10 test" -> SHA-256
  std::map<std::string, std::string> networks;  ///< name -> SHA-256 of its weight file
  std::map<std::string, std::string> plugins;   ///< file -> SHA-256
  std::map<std::string, std::string> devices;   ///< file that devices read -> SHA-256
};

/// With version, commit, compiler, LibTorch, processor and the date (UTC). Hashes of data,
/// networks, plug-ins and files of devices that the file holds already stay: one run may be the
/// work of many processes. A damaged file is set aside (set_damaged_aside), and `say` hears of it.
void write_provenance(const std::filesystem::path&, const Provenance&,
                      const std::function<void(const std::string&)>& say);

}  // namespace ohmic
