#include "nn/data/cifar.hpp"

#include "nn/io/archive.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

const CifarFormat kCifar10{"cifar10",
                           1,
                           10,
                           "cifar-10-batches-bin",
                           {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                            "data_batch_4.bin", "data_batch_5.bin"},
                           {"test_batch.bin"},
                           "cifar-10-binary.tar.gz",
                           "c32a1d4ab5d03f1284b67883e8d87530"};
const CifarFormat kCifar100{"cifar100",
                            2,
                            100,
                            "cifar-100-binary",
                            {"train.bin"},
                            {"test.bin"},
                            "cifar-100-binary.tar.gz",
                            "03b5dce01913d631647c71ecec9e9cb8"};

bool holds_all(const CifarFormat& format, const fs::path& folder) {
  for (const auto* names : {&format.train, &format.test})
    for (const std::string& name : *names)
      if (!fs::is_regular_file(folder / name)) return false;
  return true;
}

void check_size(const CifarFormat& format, const fs::path& file, std::size_t bytes) {
  const std::size_t record = static_cast<std::size_t>(format.label_bytes + ImageSet::kPixels);
  if (bytes > 0 && bytes % record == 0) return;
  throw DataError(
      file.string() + ": " + (bytes ? "is truncated or not " : "is empty, not ") + format.name +
      ": " + std::to_string(bytes) + " bytes (decompressed); expected a multiple of " +
      std::to_string(record) + " (" + std::to_string(format.label_bytes) +
      (format.label_bytes == 1 ? " label byte" : " label bytes") + " + 3072 pixels per image)");
}

void append_records(const CifarFormat& format, const fs::path& file, ImageSet& set) {
  const std::vector<std::uint8_t> bytes = read_decompressed(file);
  check_size(format, file, bytes.size());
  const std::size_t record = static_cast<std::size_t>(format.label_bytes + ImageSet::kPixels);
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    const std::size_t pixels = at + static_cast<std::size_t>(format.label_bytes);
    const int label = bytes[pixels - 1];
    if (label >= format.classes)
      throw DataError(file.string() + ": record " + std::to_string(at / record) + " has label " +
                      std::to_string(label) + "; labels of " + format.name + " are 0 to " +
                      std::to_string(format.classes - 1));
    set.labels.push_back(bytes[pixels - 1]);
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(pixels);
    set.pixels.insert(set.pixels.end(), begin, begin + ImageSet::kPixels);
  }
}

}  // namespace

const CifarFormat& cifar_format(const std::string& name) {
  if (name == kCifar10.name) return kCifar10;
  if (name == kCifar100.name) return kCifar100;
  throw ConfigError("\"" + name + "\" is not a data set to get; expected cifar10 or cifar100");
}

std::optional<fs::path> cifar_folder(const CifarFormat& format, const fs::path& root) {
  for (const fs::path& folder : {root, root / format.folder})
    if (holds_all(format, folder)) return folder;
  return std::nullopt;
}

fs::path find_cifar(const CifarFormat& format, const fs::path& root) {
  if (const auto folder = cifar_folder(format, root)) return *folder;
  throw DataError(format.name + " is not in " + fs::absolute(root).string() + " or its folder " +
                  format.folder + " (looked for " + format.train.front() + " ... " +
                  format.test.back() + "); get it with `ohmic data get " + format.name +
                  " --root " + root.string() + "`");
}

ImageSet read_records(const CifarFormat& format, const std::vector<fs::path>& files) {
  ImageSet set;
  set.classes = format.classes;
  for (const fs::path& file : files) append_records(format, file, set);
  return set;
}

}  // namespace ohmic
