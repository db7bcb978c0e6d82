#include "nn/data/download.hpp"

#include <curl/curl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "nn/io/archive.hpp"
#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

struct Progress {
  const Download& download;
  std::int64_t before;  ///< bytes that an earlier attempt left
};

int report(void* data, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  const auto& progress = *static_cast<Progress*>(data);
  if (progress.download.on_progress && now > 0)
    progress.download.on_progress(progress.before + now, total > 0 ? progress.before + total : 0);
  return 0;
}

std::string by_hand(const CifarFormat& format, const fs::path& root, const std::string& url) {
  return "\n  Download " + url + "\n  by hand (MD5 " + format.md5 +
         ") and put it, as it is, into " + fs::absolute(root).lexically_normal().string() +
         "\n  then run `ohmic data get " + format.name + " --root " + root.string() + "` again";
}

File open_part(const fs::path& part, const char* mode) {
  File file(std::fopen(part.c_str(), mode), std::fclose);
  if (!file) throw OutputError(part.string() + ": cannot be written: " + std::strerror(errno));
  return file;
}

/// One transfer into `part`, after what it has already; the reason of a failure goes to `reason`.
CURLcode transfer(const std::string& url, const fs::path& part, const Download& download,
                  std::string& reason) {
  const File file = open_part(part, "ab");
  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  OHMIC_ASSERT(curl);
  Progress progress{download, static_cast<std::int64_t>(fs::file_size(part))};
  char message[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) {
    OHMIC_ASSERT(curl_easy_setopt(curl.get(), option, value) == CURLE_OK);
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_WRITEDATA, static_cast<void*>(file.get()));
  set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(progress.before));
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 20L);
  set(CURLOPT_LOW_SPEED_LIMIT, 100L);
  set(CURLOPT_LOW_SPEED_TIME, 60L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(message));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &report);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&progress));
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  reason = *message ? message : curl_easy_strerror(code);
  // "Range not satisfiable": the part is whole (or foreign, which its MD5 will tell).
  return progress.before > 0 && status == 416 ? CURLE_OK : code;
}

void fetch(const CifarFormat& format, const fs::path& root, const fs::path& part,
           const Download& download) {
  const std::string url = download.url + format.archive;
  std::string reason;
  CURLcode code = transfer(url, part, download, reason);
  const bool cannot_resume = code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
                             code == CURLE_FILE_COULDNT_READ_FILE;
  if (cannot_resume && fs::file_size(part) > 0) {
    fs::resize_file(part, 0);
    code = transfer(url, part, download, reason);
  }
  if (code == CURLE_OK) return;
  if (fs::file_size(part) == 0) fs::remove(part);
  if (code == CURLE_WRITE_ERROR)
    throw OutputError(part.string() + ": cannot be written (disk full?): " + reason);
  throw DataError("cannot download " + format.name + ": " + reason + by_hand(format, root, url));
}

void verify(const CifarFormat& format, const fs::path& archive) {
  const std::string md5 = md5_of_file(archive);
  if (md5 != format.md5)
    throw DataError(archive.string() + ": is not the published archive: its MD5 is " + md5 +
                    ", expected " + format.md5 + "; remove it and try again");
}

/// The archive in `root`, verified: one that is there, or a new one.
fs::path get_archive(const CifarFormat& format, const fs::path& root, const Download& download) {
  const fs::path archive = root / format.archive;
  if (fs::exists(archive)) return verify(format, archive), archive;
  const fs::path part = archive.string() + ".part";
  fetch(format, root, part, download);
  verify(format, part);
  fs::rename(part, archive);
  return archive;
}

/// Unpacks beside and renames, so that each file is whole or not there.
void unpack(const CifarFormat& format, const fs::path& archive, const fs::path& root) {
  const fs::path beside = root / (format.folder + ".unpacking");
  fs::remove_all(beside);
  fs::create_directory(beside);
  try {
    unpack_archive(archive, beside);
    fs::create_directories(root / format.folder);
    for (const auto& file : fs::directory_iterator(beside / format.folder))
      fs::rename(file.path(), root / format.folder / file.path().filename());
  } catch (...) {
    fs::remove_all(beside);
    throw;
  }
  fs::remove_all(beside);
}

bool is_there(const CifarFormat& format, const fs::path& root) {
  try {
    find_cifar(format, root);
    return true;
  } catch (const DataError&) {
    return false;
  }
}

}  // namespace

fs::path get_cifar(const CifarFormat& format, const fs::path& root, const Download& download) try {
  if (!is_there(format, root)) {
    fs::create_directories(root);
    const fs::path archive = get_archive(format, root, download);
    unpack(format, archive, root);
    fs::remove(archive);
  }
  return find_cifar(format, root);
} catch (const fs::filesystem_error& error) {
  throw OutputError(root.string() + ": cannot be written: " + error.code().message());
}

}  // namespace ohmic
