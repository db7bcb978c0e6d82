// The table [data].
#include <algorithm>
#include <cmath>

#include "nn/data/dataset.hpp"

namespace ohmic {
namespace {

constexpr const char* kNormalizeType =
    "\"per_pixel_mean\", \"none\", or a table { mean = [..] | FILE, std = [..] | FILE, scale = x }";

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
      any        ? (positive ? "an array of numbers above 0 or a .npy file"
                             : "an array of numbers or a .npy file")
      : positive ? "an array of 3 numbers above 0 and at most 1 (stds of pixel/255) or a .npy file"
                 : "an array of 3 numbers from 0 to 1 (means of pixel/255) or a .npy file";
  if (const auto* name = std::get_if<std::string>(&v.data); name && !name->empty()) {
    file = *name;
    return;
  }
  const bool fits_in_length = v.is_array() && (any ? v.array().size() > 0 : v.array().size() == 3);
  if (!fits_in_length) return fault(v, key, accepted, faults);
  std::vector<double> read;
  for (const Value& element : v.array()) {
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
  const bool any = v.table().find("scale") != nullptr;
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
  else if (word && (*word == "per_pixel_mean" || *word == "none"))
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
    "an array of files, or a table { samples = FILE, labels = FILE, rows = FILE }";

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
    const auto* file = std::get_if<std::string>(&value.data);
    std::string* to = name == "samples"  ? &samples.samples
                      : name == "labels" ? &samples.labels
                      : name == "rows"   ? &samples.rows
                                         : nullptr;
    if (!to)
      faults.push_back({where, key + "." + name, "is not a key; expected samples, labels or rows"});
    else if (!file || file->empty())
      fault(value, key + "." + name, "the name of a file", faults);
    else
      *to = *file;
  }
  if (samples.samples.empty()) faults.push_back({v.where, key + ".samples", "is missing"});
}

Value write_files(const std::vector<std::string>& records, const SampleFiles& samples) {
  if (samples == SampleFiles{}) {
    Array files;
    for (const std::string& file : records) files.push_back({file});
    return {std::move(files)};
  }
  Value table{Table{}};
  table.set("samples", {samples.samples});
  if (!samples.labels.empty()) table.set("labels", {samples.labels});
  if (!samples.rows.empty()) table.set("rows", {samples.rows});
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

bool DataSettings::has_labels() const { return name != "files" || !test_samples.labels.empty(); }

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
            "of root's. Of name = \"files\": samples and labels as .npy or IDX (MNIST's format), "
            "plain or compressed, samples on the first axis; rows (.npy) names those that are "
            "used.");
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
    s.add_custom("normalize", kNormalizeType, read_normalize, write_normalize)
        .doc(
            "What is done to pixel/255: per_pixel_mean subtracts the mean of every pixel over all "
            "images of the training files (synthetic: over the training images); a table gives "
            "(pixel/255 - mean)/std per channel or, as .npy of 3 x 32 x 32 or 32 x 32 x 3, per "
            "pixel; scale stands in place of 1/255 and lets mean and std be any numbers (scale = "
            "1: "
            "pixels from 0 to 255). Samples of files are left as they are unless a table says "
            "otherwise: (x * scale - mean)/std. "
            "Foreign weights need the normalisation that they were trained with.")
        .source("Keras CIFAR ResNet example (per_pixel_mean)");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
