// The table [data].
#include <algorithm>
#include <cmath>

#include "nn/data/dataset.hpp"

namespace ohmic {
namespace {

constexpr const char* kNormalizeType =
    "\"per_pixel_mean\", \"none\", or a table { mean = [..] | FILE, std = [..] | FILE }";

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
void read_statistic(const Value& v, const std::string& key, bool positive,
                    std::vector<double>& numbers, std::string& file, std::vector<Fault>& faults) {
  const std::string accepted =
      positive ? "an array of 3 numbers above 0 and at most 1 (stds of pixel/255) or a .npy file"
               : "an array of 3 numbers from 0 to 1 (means of pixel/255) or a .npy file";
  if (const auto* name = std::get_if<std::string>(&v.data); name && !name->empty()) {
    file = *name;
    return;
  }
  if (!v.is_array() || v.array().size() != 3) return fault(v, key, accepted, faults);
  std::vector<double> read;
  for (const Value& element : v.array()) {
    const auto x = number(element);
    if (!x || !std::isfinite(*x)) return fault(v, key, accepted, faults);
    read.push_back(*x);
  }
  const auto [least, most] = std::ranges::minmax(read);
  const bool sign_fits = positive ? least > 0 : least >= 0;
  if (sign_fits && most > 1 && most <= 255)
    return faults.push_back({v.where, key,
                             "expected " + accepted + ", got " + v.text() +
                                 "; of pixels from 0 to 255? Then it is " + divided_by_255(v)});
  if (!sign_fits || most > 1) return fault(v, key, accepted, faults);
  numbers = std::move(read);
}

void read_given(const Value& v, const std::string& key, DataSettings& settings,
                std::vector<Fault>& faults) {
  settings.normalize = "given";
  for (const auto& [name, value, where] : v.table().entries()) {
    const std::string full = key + "." + name;
    if (name == "mean")
      read_statistic(value, full, false, settings.mean, settings.mean_file, faults);
    else if (name == "std")
      read_statistic(value, full, true, settings.std, settings.std_file, faults);
    else
      faults.push_back({where, full, "is not a key; expected mean or std"});
  }
  if (!v.table().find("mean")) faults.push_back({v.where, key + ".mean", "is missing"});
}

void read_normalize(const Value& v, const std::string& key, DataSettings& settings,
                    std::vector<Fault>& faults) {
  settings.mean.clear(), settings.std.clear();
  settings.mean_file.clear(), settings.std_file.clear();
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
  if (settings.normalize != "given") return {settings.normalize};
  Value table{Table{}};
  write_statistic(table, "mean", settings.mean, settings.mean_file);
  write_statistic(table, "std", settings.std, settings.std_file);
  return table;
}

}  // namespace

const Schema<DataSettings>& DataSettings::schema() {
  static const Schema<DataSettings> schema = [] {
    using D = DataSettings;
    Schema<D> s{"data", "The images that networks are trained and measured on."};
    s.add("name", &D::name)
        .choices({"cifar10", "cifar100", "synthetic"})
        .doc("synthetic is made from the seed, 10 classes of shapes, and needs no files.");
    s.add("root", &D::root)
        .doc("Folder of the CIFAR files, as `ohmic data get` leaves it (or their parent).");
    s.add("train", &D::train)
        .doc(
            "Record files of training images in CIFAR's binary format, plain, .gz or .xz, instead "
            "of root's.");
    s.add("test", &D::test).doc("Record files of test images, instead of root's.");
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
            "pixel. "
            "Foreign weights need the normalisation that they were trained with.")
        .source("Keras CIFAR ResNet example (per_pixel_mean)");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
