// A folder of PNG and JPEG images with a sub-folder per class, as torchvision's ImageFolder reads
// it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"

namespace ohmic {

/// The images of `folder`: those of sub-folder k, in the order of names or of `classes`, have label
/// k; without sub-folders there are no labels. Images come sorted by name, one of each class in
/// turn, so that the first so many are of all classes. They are decoded and transformed when they
/// are asked for; up to 1 GiB of them is kept. Names that begin with a dot are passed over. Throws
/// DataError that names folder or file: no images, other formats, a folder that is no class, images
/// of several sizes.
ImageSet read_image_folder(const std::filesystem::path& folder,
                           const std::vector<std::string>& classes, const Transform&);

/// Whether a folder has sub-folders, which are classes.
bool has_classes(const std::filesystem::path& folder);

/// SHA-256 (hexadecimal) of the names and contents of a folder's images.
std::string hash_of_images(const std::filesystem::path& folder);

}  // namespace ohmic
