// An HDF5 identifier, closed at the end of its scope.
#pragma once

#include <cstdint>

namespace ohmic {

class Hdf5Handle {
 public:
  using Id = std::int64_t;    ///< hid_t since HDF5 1.10
  using Close = int (*)(Id);  ///< returns an herr_t
  /// Takes over `id`; a negative one, of a call that failed, is not closed.
  Hdf5Handle(Id id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() {
    if (id_ >= 0) close_(id_);
  }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  operator Id() const { return id_; }

 private:
  Id id_;
  Close close_;
};

}  // namespace ohmic
