#include <array>
#include <string_view>

#include "nn/import/readers.hpp"
#include "nn/io/archive.hpp"
#include "nn/io/mapped_file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

/// What a file is by its first bytes, where it is known and is no model that is read.
struct Foreign {
  std::size_t at;
  std::string_view start;
  const char* advice;
};

constexpr std::array<Foreign, 4> kForeign{{
    {4, "TFL3"sv, "is a TensorFlow Lite model; tflite2onnx and tf2onnx make ONNX of it"},
    {0, "\x80\x02"sv, "holds pickled weights without a network"},
    {0, "GGUF"sv, "is a GGUF file of weights without a network"},
    {8, "{\""sv, "holds safetensors, weights without a network"},
}};

void refuse_foreign(std::string_view bytes) {
  for (const Foreign& f : kForeign)
    if (bytes.size() >= f.at + f.start.size() && bytes.substr(f.at, f.start.size()) == f.start)
      throw DataError(std::string(f.advice) + "; " + kModelFiles);
}

/// Python's torch.save makes zips as well.
ImportedModel read_zip(const fs::path& file) {
  bool is_pickled = false;
  for (const std::string& path : zip_paths(file)) {
    if (path == "config.json") return read_keras(file);
    if (path.find("/code/__torch__") != path.npos)
      throw DataError(std::string("is TorchScript, which PyTorch alone runs; "
                                  "torch.export.save(torch.export.export(model, (x,)), "
                                  "\"net.pt2\") makes a file that is read; ") +
                      kModelFiles);
    is_pickled |= path.ends_with("data.pkl");
  }
  if (is_pickled)
    throw DataError(std::string("holds a pickle, weights without a network or a Python object, "
                                "which is not run; ") +
                    kModelFiles);
  return read_pt2(file);
}

ImportedModel read_any(const fs::path& file) {
  const MappedFile mapped = map_file(file);
  if (mapped.size == 0) throw DataError(std::string("is empty; ") + kModelFiles);
  refuse_foreign(mapped.text());
  if (mapped.text().starts_with("PK\x03\x04"sv)) return read_zip(file);
  if (mapped.text().starts_with("\x89HDF\r\n\x1a\n"sv)) return read_keras_h5_model(file);
  return read_onnx(file);
}

}  // namespace

ImportedModel read_model(const fs::path& file) {
  try {
    return read_any(file);
  } catch (const DataError& error) {
    const std::string what = error.what();
    throw DataError(what.starts_with(file.string()) ? what : file.string() + ": " + what);
  }
}

}  // namespace ohmic
