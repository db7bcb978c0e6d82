// The archive of torch.export.save: a zip with a graph in JSON and tensors as bytes.
// Source: PyTorch's documentation, "PT2 Archive Spec"; torch/_export/serde/schema.py.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/import/imported_model.hpp"
#include "nn/io/mapped_file.hpp"
#include "nn/io/zip.hpp"

namespace ohmic {

/// Entries of a zip by their paths below the archive's one folder, in the mapped file where they
/// are stored as they are. Copies share the bytes.
class Pt2Archive {
 public:
  /// Throws DataError naming the file.
  explicit Pt2Archive(const std::filesystem::path&);
  /// From the bytes of a zip within a zip. Throws DataError.
  explicit Pt2Archive(std::string_view bytes);

  bool has(const std::string& path) const;
  /// Throws DataError (without the file's name) where there is none.
  std::string_view text(const std::string& path) const;
  /// Paths that begin so.
  std::vector<std::string> below(const std::string& folder) const;
  /// What is mapped; nothing of an archive in memory.
  const MappedFile& file() const { return file_; }
  /// Bytes of an entry, which they keep in memory.
  std::shared_ptr<const std::byte> share(std::string_view part) const;

 private:
  Pt2Archive(MappedFile file, const std::string& name);
  Pt2Archive(MappedFile file, std::shared_ptr<ZipFile> zip);

  MappedFile file_;
  std::shared_ptr<ZipFile> zip_;  ///< holds the bytes
  std::map<std::string, std::string_view> entries_;
};

/// A tensor as a view of a run of numbers: element i of axis d is strides[d] further on.
struct StridedView {
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape, strides;
  std::int64_t offset = 0;  ///< elements
};

/// The tensor itself: shared where it is in order, else copied. Throws DataError (without a name)
/// for what goes beyond the bytes or repeats them.
ConstantTensor tensor_of_view(const StridedView&, std::string_view bytes, const Pt2Archive&);

struct Pt2Tensor {
  ConstantTensor tensor;
  std::string problem;  ///< why it cannot be taken; empty: it can
};

/// Parameters, buffers and constants by name.
std::map<std::string, Pt2Tensor> read_pt2_tensors(const Pt2Archive&, const std::string& model);

/// The inputs with which the model was exported, in the order of its inputs; none where they are
/// not stored or hold more than tensors.
std::optional<StoredSample> read_pt2_sample(const Pt2Archive&, const std::string& model);

}  // namespace ohmic
