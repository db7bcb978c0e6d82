// The table [data].
#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "nn/data/dataset.hpp"
#include "nn/data/image_folder.hpp"

namespace ohmic {
namespace {

constexpr const char* kNormalizeType =
    "\"per_pixel_mean\", \"none\", \"imagenet\", or a table { mean = [..] | FILE, std = [..] | "
    "FILE, scale = x }";

void fault(const Value& v, const std::string& key, const std::string& expected,
           std::vector<Fault>& faults) {
  faults.push_back({v.where, key, "expected " + expected + ", got " + v.text()});
}

std::optional<double> number(const Value& v) {
  if (const auto* real = std::get_if<double>(&v.data)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&v.data)) return static_cast<double>(*whole);
  return {};
}

/// [125.3, 123, 113.9] as text, each divided by 255.
std::string divided_by_255(const Value& v) {
  Array scaled;
  for (const Value& element : v.array())
    scaled.push_back({std::round(*number(element) / 255 * 1e4) / 1e4});
  return Value{scaled}.text();
}

/// Three numbers, or the name of a .npy file. A pixel/255 lies from 0 to 1, hence its mean does and
/// its std is not above 1.
/// Where `scale` is given, of x * scale: any numbers, one, one per channel or one per value.
void read_statistic(const Value& v, const std::string& key, bool positive, bool any,
                    std::vector<double>& numbers, std::string& file, std::vector<Fault>& faults) {
  const std::string accepted =
      any        ? (positive ? "a number above 0, an array of them or a .npy file"
                             : "a number, an array of numbers or a .npy file")
      : positive ? "an array of 3 numbers above 0 and at most 1 (stds of pixel/255) or a .npy file"
                 : "an array of 3 numbers from 0 to 1 (means of pixel/255) or a .npy file";
  if (const auto* name = std::get_if<std::string>(&v.data); name && !name->empty()) {
    file = *name;
    return;
  }
  const Array elements = any && number(v) ? Array{v} : v.is_array() ? v.array() : Array{};
  if (any ? elements.empty() : elements.size() != 3) return fault(v, key, accepted, faults);
  std::vector<double> read;
  for (const Value& element : elements) {
    const auto x = number(element);
    if (!x || !std::isfinite(*x)) return fault(v, key, accepted, faults);
    read.push_back(*x);
  }
  const auto [least, most] = std::ranges::minmax(read);
  const bool sign_fits = positive ? least > 0 : least >= 0;
  if (!any && sign_fits && most > 1 && most <= 255)
    return faults.push_back({v.where, key,
                             "expected " + accepted + ", got " + v.text() +
                                 "; of pixels from 0 to 255? Then it is " + divided_by_255(v)});
  if (any ? positive && !sign_fits : !sign_fits || most > 1) return fault(v, key, accepted, faults);
  numbers = std::move(read);
}

void read_scale(const Value& v, const std::string& key, DataSettings& settings,
                std::vector<Fault>& faults) {
  const auto x = number(v);
  if (!x || !std::isfinite(*x) || *x <= 0) return fault(v, key, "a number above 0", faults);
  settings.scale = *x;
}

void read_given(const Value& v, const std::string& key, DataSettings& settings,
                std::vector<Fault>& faults) {
  settings.normalize = "given";
  const bool any = v.table().find("scale") != nullptr || settings.name == "files";
  for (const auto& [name, value, where] : v.table().entries()) {
    const std::string full = key + "." + name;
    if (name == "mean")
      read_statistic(value, full, false, any, settings.mean, settings.mean_file, faults);
    else if (name == "std")
      read_statistic(value, full, true, any, settings.std, settings.std_file, faults);
    else if (name == "scale")
      read_scale(value, full, settings, faults);
    else
      faults.push_back({where, full, "is not a key; expected mean, std or scale"});
  }
  if (!v.table().find("mean") && !v.table().find("scale"))
    faults.push_back({v.where, key + ".mean", "is missing"});
}

void read_normalize(const Value& v, const std::string& key, DataSettings& settings,
                    std::vector<Fault>& faults) {
  settings.mean.clear(), settings.std.clear();
  settings.mean_file.clear(), settings.std_file.clear();
  settings.scale.reset();
  const auto* word = std::get_if<std::string>(&v.data);
  if (v.is_table())
    read_given(v, key, settings, faults);
  else if (word && (*word == "per_pixel_mean" || *word == "none" || *word == "imagenet"))
    settings.normalize = *word;
  else
    fault(v, key, kNormalizeType, faults);
}

void write_statistic(Value& table, const char* key, const std::vector<double>& numbers,
                     const std::string& file) {
  if (!file.empty()) table.set(key, {file});
  if (numbers.empty()) return;
  Array values;
  for (const double x : numbers) values.push_back({x});
  table.set(key, {values});
}

Value write_normalize(const DataSettings& settings) {
  if (settings.normalize != "given") return {settings.normalization()};
  Value table{Table{}};
  write_statistic(table, "mean", settings.mean, settings.mean_file);
  write_statistic(table, "std", settings.std, settings.std_file);
  if (settings.scale) table.set("scale", {*settings.scale});
  return table;
}

constexpr const char* kFilesType =
    "an array of files, or a table { samples = FILE | FOLDER | { INPUT = FILE, .. }, labels = "
    "FILE, "
    "rows = FILE, classes = [..] | FILE }";
constexpr const char* kTransformType =
    "\"none\", \"imagenet\", or a table { resize = n | [height, width], interpolation = "
    "\"bilinear\" "
    "| \"bicubic\", crop = n | [height, width], channels = \"rgb\" | \"bgr\" | \"gray\" }";

/// Names, or a file with a name on every line.
void read_classes(const Value& v, const std::string& key, std::vector<std::string>& names,
                  std::vector<Fault>& faults) {
  const std::string accepted = "an array of different names, or a file with one on every line";
  if (const auto* file = std::get_if<std::string>(&v.data)) {
    std::ifstream lines(*file);
    if (!lines) return fault(v, key, accepted + " (it cannot be opened)", faults);
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
  } else if (v.is_array()) {
    for (const Value& element : v.array()) {
      const auto* name = std::get_if<std::string>(&element.data);
      if (!name || name->empty()) return fault(v, key, accepted, faults);
      names.push_back(*name);
    }
  }
  if (names.empty() || std::set<std::string>(names.begin(), names.end()).size() != names.size())
    fault(v, key, accepted, faults);
}

/// One length or two, of pictures.
void read_sizes(const Value& v, const std::string& key, std::vector<int>& sizes,
                std::vector<Fault>& faults) {
  constexpr std::int64_t kMost = 1 << 14;
  const auto add = [&](const Value& element) {
    const auto* n = std::get_if<std::int64_t>(&element.data);
    if (n && *n >= 1 && *n <= kMost) sizes.push_back(static_cast<int>(*n));
  };
  std::size_t wanted = 1;
  if (v.is_array()) {
    wanted = 2;
    for (const Value& element : v.array()) add(element);
  } else {
    add(v);
  }
  if (sizes.size() != wanted || (v.is_array() && v.array().size() != wanted))
    fault(v, key, "a whole number from 1 to 16384, or two of them: [height, width]", faults);
}

void read_word(const Value& v, const std::string& key, std::initializer_list<const char*> words,
               std::string& to, std::vector<Fault>& faults) {
  const auto* word = std::get_if<std::string>(&v.data);
  std::string accepted;
  for (const char* known : words) {
    if (word && *word == known) to = *word;
    accepted += (accepted.empty() ? "\"" : ", \"") + std::string(known) + "\"";
  }
  if (!word || to != *word) fault(v, key, "one of " + accepted, faults);
}

void read_transform(const Value& v, const std::string& key, DataSettings& settings,
                    std::vector<Fault>& faults) {
  Transform& t = settings.transform;
  t = {};
  const auto* word = std::get_if<std::string>(&v.data);
  if (word && *word == "imagenet") {
    t.resize = {256};
    t.crop = {224};
    return;
  }
  if (word && *word == "none") return;
  if (!v.is_table()) return fault(v, key, kTransformType, faults);
  for (const auto& [name, value, where] : v.table().entries()) {
    const std::string full = key + "." + name;
    if (name == "resize")
      read_sizes(value, full, t.resize, faults);
    else if (name == "crop")
      read_sizes(value, full, t.crop, faults);
    else if (name == "interpolation")
      read_word(value, full, {"bilinear", "bicubic"}, t.interpolation, faults);
    else if (name == "channels")
      read_word(value, full, {"rgb", "bgr", "gray"}, t.channels, faults);
    else
      faults.push_back(
          {where, full, "is not a key; expected resize, interpolation, crop or channels"});
  }
}

Value size_value(const std::vector<int>& sizes) {
  if (sizes.size() == 1) return {std::int64_t{sizes[0]}};
  return {Array{{std::int64_t{sizes[0]}}, {std::int64_t{sizes[1]}}}};
}

Value write_transform(const DataSettings& settings) {
  const Transform& t = settings.transform;
  if (t == Transform{}) return {std::string("none")};
  Value table{Table{}};
  if (!t.resize.empty()) {
    table.set("resize", size_value(t.resize));
    table.set("interpolation", {t.interpolation});
  }
  if (!t.crop.empty()) table.set("crop", size_value(t.crop));
  table.set("channels", {t.channels});
  return table;
}

/// An array for each input of a network that has several, in the order of their names.
void read_inputs(const Value& v, const std::string& key, std::vector<InputFile>& inputs,
                 std::vector<Fault>& faults) {
  for (const auto& [name, value, where] : v.table().entries()) {
    const auto* file = std::get_if<std::string>(&value.data);
    if (!file || file->empty())
      fault(value, key + "." + name, "the name of a file", faults);
    else
      inputs.push_back({name, *file});
  }
  if (v.table().entries().empty()) fault(v, key, "a file for each input of the network", faults);
  std::ranges::sort(inputs, {}, &InputFile::input);
}

void read_files(const Value& v, const std::string& key, std::vector<std::string>& records,
                SampleFiles& samples, std::vector<Fault>& faults) {
  records.clear();
  samples = {};
  if (!v.is_table() && !v.is_array()) return fault(v, key, kFilesType, faults);
  if (v.is_array()) {
    for (const Value& element : v.array()) {
      const auto* file = std::get_if<std::string>(&element.data);
      if (!file) return fault(v, key, kFilesType, faults);
      records.push_back(*file);
    }
    return;
  }
  for (const auto& [name, value, where] : v.table().entries()) {
    if (name == "classes") {
      read_classes(value, key + ".classes", samples.classes, faults);
      continue;
    }
    if (name == "samples" && value.is_table()) {
      read_inputs(value, key + ".samples", samples.inputs, faults);
      continue;
    }
    const auto* file = std::get_if<std::string>(&value.data);
    std::string* to = name == "samples"  ? &samples.samples
                      : name == "labels" ? &samples.labels
                      : name == "rows"   ? &samples.rows
                                         : nullptr;
    if (!to)
      faults.push_back(
          {where, key + "." + name, "is not a key; expected samples, labels, rows or classes"});
    else if (!file || file->empty())
      fault(value, key + "." + name,
            std::string("the name of a file") +
                (name == "samples" ? ", or a table with one for each input of the network" : ""),
            faults);
    else
      *to = *file;
  }
  if (!v.table().find("samples")) faults.push_back({v.where, key + ".samples", "is missing"});
}

Value write_files(const std::vector<std::string>& records, const SampleFiles& samples) {
  if (samples == SampleFiles{}) {
    Array files;
    for (const std::string& file : records) files.push_back({file});
    return {std::move(files)};
  }
  Value table{Table{}};
  if (samples.inputs.empty()) {
    table.set("samples", {samples.samples});
  } else {
    Value inputs{Table{}};
    for (const auto& [input, file] : samples.inputs) inputs.table()[input] = {file};
    table.set("samples", std::move(inputs));
  }
  if (!samples.labels.empty()) table.set("labels", {samples.labels});
  if (!samples.rows.empty()) table.set("rows", {samples.rows});
  if (!samples.classes.empty()) {
    Array names;
    for (const std::string& name : samples.classes) names.push_back({name});
    table.set("classes", {std::move(names)});
  }
  return table;
}

void read_train(const Value& v, const std::string& key, DataSettings& s,
                std::vector<Fault>& faults) {
  read_files(v, key, s.train, s.train_samples, faults);
}
void read_test(const Value& v, const std::string& key, DataSettings& s,
               std::vector<Fault>& faults) {
  read_files(v, key, s.test, s.test_samples, faults);
}
Value write_train(const DataSettings& s) { return write_files(s.train, s.train_samples); }
Value write_test(const DataSettings& s) { return write_files(s.test, s.test_samples); }

}  // namespace

bool DataSettings::has_labels() const {
  return name != "files" || !test_samples.labels.empty() || has_classes(test_samples.samples);
}

std::string DataSettings::normalization() const {
  if (!normalize.empty()) return normalize;
  return name == "files" ? "none" : "per_pixel_mean";
}

const Schema<DataSettings>& DataSettings::schema() {
  static const Schema<DataSettings> schema = [] {
    using D = DataSettings;
    Schema<D> s{"data", "The images that networks are trained and measured on."};
    s.add("name", &D::name)
        .choices({"cifar10", "cifar100", "synthetic", "files"})
        .doc(
            "synthetic is made from the seed, 10 classes of shapes, and needs no files; files are "
            "those that train and test name, for networks of a file (model.file).");
    s.add("root", &D::root)
        .doc("Folder of the CIFAR files, as `ohmic data get` leaves it (or their parent).");
    s.add_custom("train", kFilesType, read_train, write_train)
        .doc(
            "Record files of training images in CIFAR's binary format, plain, .gz or .xz, instead "
            "of root's. Of name = \"files\": samples and labels as .npy, IDX (MNIST's format; both "
            "plain or compressed), or an array of .npz or safetensors (FILE:ARRAY where there are "
            "several), samples on the first axis; rows names those that are used. Or a folder of "
            "PNG and JPEG images with a sub-folder per class; classes gives their names in the "
            "order of the network's answers (left out: sorted). Of a network with several inputs "
            "samples is a table with an array for each, by name: { samples = { ids = FILE, mask = "
            "FILE }, labels = FILE }.");
    s.add_custom("test", kFilesType, read_test, write_test)
        .doc(
            "Files of test images, likewise; labels may be absent, a class per sample, or what "
            "evaluation.metric asks for: numbers, or a class for every position of an answer.");
    s.add("train_images", &D::train_images)
        .at_least(0)
        .doc("Use the first so many training images; 0 takes all (synthetic: 4000).");
    s.add("test_images", &D::test_images)
        .at_least(0)
        .doc("Use the first so many test images; 0 takes all (synthetic: 1000).");
    s.add_custom("transform", kTransformType, read_transform, write_transform)
        .joined_later()
        .doc(
            "What is done to a folder's images, in torchvision's way on Pillow's images, to the "
            "bit: resize (of one number, of the shorter side; antialiased), crop at the centre, "
            "order of channels. imagenet: resize = 256, crop = 224.");
    s.add_custom("normalize", kNormalizeType, read_normalize, write_normalize)
        .doc(
            "What is done to pixel/255: per_pixel_mean subtracts the mean of every pixel over all "
            "images of the training files (synthetic: over the training images); a table gives "
            "(pixel/255 - mean)/std per channel or, as .npy of 3 x 32 x 32 or 32 x 32 x 3, per "
            "pixel; scale stands in place of 1/255 and lets mean and std be any numbers (scale = "
            "1: "
            "pixels from 0 to 255). Samples of files are left as they are (images of a folder: "
            "pixel/255) unless a table says "
            "otherwise: (x * scale - mean)/std. imagenet: mean = [0.485, 0.456, 0.406], std = "
            "[0.229, 0.224, 0.225] of bytes/255 or of numbers from 0 to 1. "
            "Foreign weights need the normalisation that they were trained with.")
        .source("Keras CIFAR ResNet example (per_pixel_mean)");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
