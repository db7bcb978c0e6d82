#include "experiments/measure/own_copy.hpp"

#include <sys/stat.h>

#include "experiments/measure/files.hpp"

namespace ohmic {

void own_copy(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink > 1)
    write_atomically(path, read_whole(path, kMostOfLog));
}

}  // namespace ohmic
