#include "nn/data/image_folder.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>

#include "nn/io/mapped_file.hpp"
#include "nn/io/sha256.hpp"
#include "nn/network/tensor_names.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeptBytes = std::size_t{1} << 30;

[[noreturn]] void fail(const fs::path& place, const std::string& why) {
  throw DataError(place.string() + ": " + why);
}

std::string extension_of(const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

/// Whether it is an image by its name; throws for one of a format that is not read.
bool is_image(const fs::path& file) {
  const std::string extension = extension_of(file);
  for (const char* other : {".ppm", ".pgm", ".bmp", ".tif", ".tiff", ".webp", ".gif"})
    if (extension == other)
      fail(file, "is an image of a format that is not read; expected PNG or JPEG");
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

/// What lies in a folder, sorted by name; hidden names are left out.
std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (!is_hidden(it->path())) entries.push_back(*it);
  if (error) fail(folder, "cannot be read: " + error.message());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return a.path().filename().string() < b.path().filename().string();
  });
  return entries;
}

/// An image, of which none is left out without a word.
const fs::path& regular(const fs::path& image) {
  std::error_code error;
  if (!fs::is_regular_file(image, error))
    fail(image, "is a device, a pipe or a link to nothing; expected an image in a regular file");
  return image;
}

/// Images of a folder and of all below it, sorted.
std::vector<fs::path> images_below(const fs::path& folder) {
  constexpr int kMostDepth = 32;
  std::error_code error;
  std::vector<fs::path> images;
  fs::recursive_directory_iterator it(folder, error), end;
  for (; !error && it != end; it.increment(error)) {
    if (is_hidden(it->path()) || it.depth() > kMostDepth)
      it.disable_recursion_pending();
    else if (!it->is_directory(error) && is_image(it->path()))
      images.push_back(regular(it->path()));
  }
  if (error) fail(folder, "cannot be read: " + error.message());
  std::sort(images.begin(), images.end());
  return images;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += (i ? ", " : "") + shown(names[i]);
  return text + (names.size() > kMost ? ", ..." : "");
}

/// By name "10" comes before "2": the order that a network was trained with must be said.
void check_numbers(const fs::path& folder, const std::vector<std::string>& names) {
  const auto is_number = [](const std::string& name) {
    return !name.empty() && name.size() < 9 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); });
  };
  if (!std::all_of(names.begin(), names.end(), is_number)) return;
  if (std::is_sorted(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return std::stoi(a) < std::stoi(b);
      }))
    return;
  fail(folder, "its classes are numbers, which lie in another order by name (" + listed(names) +
                   ") than by value; expected classes = [\"0\", \"1\", ...] beside samples, in the "
                   "order of the network's answers");
}

struct Listing {
  std::vector<fs::path> files;
  std::vector<std::int32_t> labels;
  std::vector<std::string> classes;
};

/// Label of a sub-folder.
std::size_t class_of(const fs::path& folder, const std::vector<std::string>& classes) {
  const auto it = std::find(classes.begin(), classes.end(), folder.filename().string());
  if (it == classes.end())
    fail(folder,
         "is no class; `classes` has " + std::to_string(classes.size()) + ": " + listed(classes));
  return static_cast<std::size_t>(it - classes.begin());
}

/// One of each class in turn.
Listing in_turn(std::vector<std::string> names, const std::vector<std::vector<fs::path>>& images) {
  Listing all;
  all.classes = std::move(names);
  std::size_t most = 0;
  for (const auto& of_class : images) most = std::max(most, of_class.size());
  for (std::size_t i = 0; i < most; ++i)
    for (std::size_t k = 0; k < images.size(); ++k)
      if (i < images[k].size()) {
        all.files.push_back(images[k][i]);
        all.labels.push_back(static_cast<std::int32_t>(k));
      }
  return all;
}

Listing list_images(const fs::path& folder, const std::vector<std::string>& classes) {
  Listing flat;
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : entries_of(folder))
    if (entry.is_directory())
      folders.push_back(entry.path());
    else if (is_image(entry.path()))
      flat.files.push_back(entry.path());
  if (!folders.empty() && !flat.files.empty())
    fail(folder, "holds the image " + flat.files.front().filename().string() +
                     " beside the folder " + folders.front().filename().string() +
                     "; expected a sub-folder per class, or images alone");
  if (folders.empty()) {
    if (flat.files.empty()) fail(folder, "holds no PNG or JPEG images");
    flat.labels.assign(flat.files.size(), ImageSet::kNoLabel);
    return flat;
  }
  std::vector<std::string> names = classes;
  if (names.empty()) {
    for (const fs::path& path : folders) names.push_back(path.filename().string());
    check_numbers(folder, names);
  }
  std::vector<std::vector<fs::path>> images(names.size());
  for (const fs::path& path : folders) {
    auto& of_class = images[class_of(path, names)];
    of_class = images_below(path);
    if (of_class.empty()) fail(path, "holds no PNG or JPEG images");
  }
  return in_turn(std::move(names), images);
}

std::string size_text(const Planes& planes) {
  return std::to_string(planes.height) + " x " + std::to_string(planes.width);
}

class FolderSource final : public SampleSource {
 public:
  FolderSource(std::vector<fs::path> files, Transform transform)
      : files_(std::move(files)), transform_(std::move(transform)), kept_(files_.size()) {
    const Planes first = decoded(0);
    height_ = first.height, width_ = first.width;
    text_ = std::to_string(height_) + ' ' + std::to_string(width_) + ' ' +
            transform_.interpolation + ' ' + transform_.channels;
    for (const auto* sizes : {&transform_.resize, &transform_.crop})
      for (const int size : *sizes) text_ += ' ' + std::to_string(size);
  }

  std::vector<std::int64_t> shape() const { return {transform_.channel_count(), height_, width_}; }

  void read(std::int64_t i, float* values) const override {
    const auto image = pixels(static_cast<std::size_t>(i));
    std::copy(image->begin(), image->end(), values);
  }

  std::string hash(std::int64_t i) const override {
    return sha256(text_ + map_hash(files_[static_cast<std::size_t>(i)]));
  }

 private:
  using Pixels = std::shared_ptr<const std::vector<std::uint8_t>>;

  static std::string map_hash(const fs::path& file) {
    const MappedFile mapped = map_file(file);
    return sha256(mapped.text());
  }

  Planes decoded(std::size_t i) const {
    const MappedFile mapped = map_file(files_[i]);
    const Image image = decode_image(mapped.text(), files_[i].string());
    try {
      return transformed(image, transform_);
    } catch (const DataError& e) {
      throw DataError(files_[i].string() + " " + e.what());
    }
  }

  Pixels pixels(std::size_t i) const {
    {
      const std::lock_guard lock(mutex_);
      if (kept_[i]) return kept_[i];
    }
    Planes planes = decoded(i);
    if (planes.height != height_ || planes.width != width_)
      fail(files_[i], "is " + size_text(planes) + " pixels (height x width), " +
                          files_[0].string() + " is " + std::to_string(height_) + " x " +
                          std::to_string(width_) +
                          "; expected one size: give data.transform a crop");
    const auto made = std::make_shared<const std::vector<std::uint8_t>>(std::move(planes.pixels));
    const std::lock_guard lock(mutex_);
    if (!kept_[i] && kept_bytes_ + made->size() <= kKeptBytes) {
      kept_[i] = made;
      kept_bytes_ += made->size();
    }
    return made;
  }

  std::vector<fs::path> files_;
  Transform transform_;
  int height_ = 0, width_ = 0;
  std::string text_;  ///< of what is done to a file
  mutable std::mutex mutex_;
  mutable std::vector<Pixels> kept_;
  mutable std::size_t kept_bytes_ = 0;
};

/// Changes when images come or go.
std::string version_of(const fs::path& folder) {
  std::string version;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    version += path.string() + ' ' +
               std::to_string(fs::last_write_time(path, error).time_since_epoch().count()) + '\n';
  };
  add(folder);
  for (const fs::directory_entry& entry : entries_of(folder))
    if (entry.is_directory()) add(entry.path());
  return version;
}

}  // namespace

ImageSet read_image_folder(const fs::path& folder, const std::vector<std::string>& classes,
                           const Transform& transform) {
  Listing listing = list_images(folder, classes);
  auto source = std::make_shared<const FolderSource>(std::move(listing.files), transform);
  ImageSet set;
  set.shape = source->shape();
  set.labels = std::move(listing.labels);
  set.class_names = std::move(listing.classes);
  set.classes = std::max(static_cast<int>(set.class_names.size()), 1);
  set.are_bytes = set.are_pictures = true;
  for (std::int64_t i = 0; i < set.size(); ++i) set.places.push_back(i);
  set.source = std::move(source);
  return set;
}

bool has_classes(const fs::path& folder) {
  std::error_code error, dangling;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (!is_hidden(it->path()) && it->is_directory(dangling)) return true;
  return false;
}

std::string hash_of_images(const fs::path& folder) {
  static std::mutex mutex;
  static std::map<fs::path, std::pair<std::string, std::string>> known;  // version, hash
  const std::lock_guard lock(mutex);
  const std::string now = version_of(folder);
  auto& [version, hash] = known[fs::absolute(folder)];
  if (version == now) return hash;
  std::string all;
  for (const fs::path& file : images_below(folder)) {
    const MappedFile mapped = map_file(file);
    all += fs::relative(file, folder).string() + ' ' + sha256(mapped.text()) + '\n';
  }
  hash = sha256(all);
  version = now;
  return hash;
}

}  // namespace ohmic
