// Small HDF5 files as Keras writes them, written by HDF5's own library.
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

namespace ohmic::test {

class KerasFile {
 public:
  explicit KerasFile(const std::filesystem::path& file, hid_t access = H5P_DEFAULT)
      : file_(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access)) {
    links_ = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links_, 1);
  }
  ~KerasFile() {
    H5Pclose(links_);
    H5Fclose(file_);
  }
  KerasFile(const KerasFile&) = delete;
  KerasFile& operator=(const KerasFile&) = delete;

  /// start, start + 1, ... under `path`, stored as `type`.
  void put(const std::string& path, const std::vector<hsize_t>& shape, float start = 0,
           hid_t type = H5T_IEEE_F32LE, hid_t creation = H5P_DEFAULT) {
    hsize_t n = 1;
    for (const hsize_t side : shape) n *= side;
    std::vector<float> values(n);
    std::iota(values.begin(), values.end(), start);
    write(path, shape, values.data(), H5T_NATIVE_FLOAT, type, creation);
  }

  void write(const std::string& path, const std::vector<hsize_t>& shape, const void* values,
             hid_t memory, hid_t type, hid_t creation = H5P_DEFAULT) {
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t data = H5Dcreate2(file_, path.c_str(), type, space, links_, creation, H5P_DEFAULT);
    if (values) H5Dwrite(data, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(data);
    H5Sclose(space);
  }

  /// An attribute of strings of variable length; a single one as a scalar, as h5py writes them.
  void text(const std::string& path, const std::string& name, const std::vector<std::string>& texts,
            bool scalar = false) {
    const hid_t object = path.empty() ? H5Gopen2(file_, "/", H5P_DEFAULT) : group(path);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const hsize_t count = texts.size();
    const hid_t space = scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr);
    const hid_t attribute = H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    std::vector<const char*> pointers;
    for (const std::string& t : texts) pointers.push_back(t.c_str());
    H5Awrite(attribute, type, pointers.data());
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Gclose(object);
  }
  void config(const std::string& json) { text("", "model_config", {json}, true); }

  hid_t id() const { return file_; }

 private:
  hid_t group(const std::string& path) {
    if (H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0)
      return H5Gopen2(file_, path.c_str(), H5P_DEFAULT);
    return H5Gcreate2(file_, path.c_str(), links_, H5P_DEFAULT, H5P_DEFAULT);
  }

  hid_t file_, links_;
};

}  // namespace ohmic::test
