// NumPy's arrays, IDX and CIFAR's records, plain and compressed, and the archives they come in.
#include <zlib.h>

#include "nn/data/cifar.hpp"
#include "nn/data/samples.hpp"
#include "nn/io/archive.hpp"
#include "nn/io/image.hpp"
#include "nn/io/npy.hpp"
#include "nn/io/stored_array.hpp"
#include "simulator/error.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/nn/pictures.hpp"
#include "tests/stored_zip.hpp"

namespace ohmic::test {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

std::string npy(const std::string& header, const std::string& data) {
  return "\x93NUMPY\x01\0"s + little_endian(header.size(), 2) + header + data;
}

/// gzip or raw bytes back from it; empty where they are none.
std::string gzip(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&z, bytes.size()) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

std::string gunzip(const std::string& packed) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string bytes(1 << 16, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(bytes.data());
  z.avail_out = static_cast<uInt>(bytes.size());
  const bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END;
  bytes.resize(whole ? z.total_out : 0);
  inflateEnd(&z);
  return bytes;
}

/// What is packed, to be packed again: changed bytes get past the checksum.
std::optional<Part> packed_part(const std::string& packed, std::mt19937_64&) {
  std::string bytes = gunzip(packed);
  if (bytes.empty()) return std::nullopt;
  return Part{std::move(bytes), gzip};
}

std::optional<Part> npy_header(const std::string& file, std::mt19937_64&) {
  if (file.size() < 10) return std::nullopt;
  return part_with_length(file, 8, 2);
}

OHMIC_FUZZ(Npy) {
  const std::string shape = "'fortran_order': False, 'shape': (2, 3), }\n";
  return {
      .seeds = {npy("{'descr': '<f4', " + shape, std::string(24, '?')),
                npy("{'descr': '>f2', 'fortran_order': True, 'shape': (3, 2), }\n", "0123456789ab"),
                npy("{'descr': '|u1', " + shape, std::string(6, '\x07'))},
      .read =
          [](const std::string& bytes) {
            const fs::path file = scratch(bytes);
            const HostTensor values = open_array(file.string()).whole();
            if (!values.values.empty() && values.shape.size() == 1) read_npy(file);
          },
      .words = {"'descr':", "'fortran_order':", "'shape':", "True", "False", "<f8", "|b1", ">i8",
                "<u8", "|O", "()", "(,)", "(1,)", "L"},
      .part = npy_header};
}

/// An array of an archive and one of safetensors, by their names.
OHMIC_FUZZ(NamedArrays) {
  const std::string array =
      npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }\n", "abcdefabcdef");
  const std::string header = R"({"x":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}})";
  return {.seeds = {stored_zip({{"x.npy", array}, {"y.npy", array}}),
                    little_endian(header.size(), 8) + header + "abcdefabcdef"},
          .read =
              [](const std::string& bytes) {
                read_samples({scratch(bytes).string() + ":x", "", "", {}});
              },
          .words = {"PK\x01\x02"s, "x.npy"s, "'shape':"s, "\"shape\""s, "\"F64\""s, "\"BOOL\""s}};
}

OHMIC_FUZZ(Images) {
  return {.seeds = {kJpeg, kPng},
          .read = [](const std::string& bytes) { decode_image(bytes, "image"); },
          .words = {"IHDR"s, "PLTE"s, "IDAT"s, "IEND"s, "tRNS"s, "\xff\xd8"s, "\xff\xc0"s,
                    "\xff\xc2"s, "\xff\xda"s},
          .cost = 2};
}

OHMIC_FUZZ(Idx) {
  return {.seeds = {"\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                    "abcdef"s,
                    "\0\0\x0d\x01\0\0\0\x02\0\0\0\0\x3f\x80\0\0"s,
                    gzip("\0\0\x0b\x01\0\0\0\x02\0\x01\0\x02"s)},
          .read =
              [](const std::string& bytes) {
                read_samples({scratch(bytes).string(), "", "", {}});
              },
          .part = packed_part};
}

/// Labels and rows that belong to given samples.
OHMIC_FUZZ(SampleLabels) {
  return {.seeds = {npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n",
                        little_endian(1, 8) + little_endian(0, 8)),
                    "\0\0\x08\x01\0\0\0\x02\0\x01"s},
          .read =
              [](const std::string& bytes) {
                const std::string samples = scratch(
                                                "\0\0\x08\x02\0\0\0\x02\0\0\0\x03"
                                                "abcdef"s,
                                                "samples")
                                                .string();
                const std::string file = scratch(bytes).string();
                const ImageSet set = read_samples({samples, file, file, {}});
                fitted(set, {3}, 2);
              },
          .part = npy_header};
}

std::string record(char label) { return label + std::string(ImageSet::kPixels, '\x07'); }

void read_cifar(const std::string& bytes) {
  read_records(cifar_format("cifar10"), {scratch(bytes)});
}

OHMIC_FUZZ(CifarRecords) {
  return {.seeds = {record('\x03'), record('\x09') + record('\0')}, .read = read_cifar, .cost = 2};
}

OHMIC_FUZZ(CifarGzip) {
  return {.seeds = {gzip(record('\x03'))}, .read = read_cifar, .part = packed_part, .cost = 2};
}

/// Record 3 of sevens, packed by xz.
const std::string kXz =
    "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5"
    "\xa3\xe0\x0c\x00\x00\x18\x5d\x00\x01\x82\x48\x1e\x1b\xd6\x3b\x32\x4b\x23\xd6\x63\xa9\x1a\xd0"
    "\x9f\x50\xcf\xdd\x1b\x69\x2a\x00\x00\x00\x3c\x69\x4b\xa0\xd8\x22\x53\x33\x00\x01\x34\x81\x18"
    "\x00\x00\x00\x34\x77\x95\x45\xb1\xc4\x67\xfb\x02\x00\x00\x00\x00\x04\x59\x5a"s;

OHMIC_FUZZ(CifarXz) { return {.seeds = {kXz}, .read = read_cifar, .cost = 2}; }

/// A ustar archive of one file.
std::string tar(const std::string& name, const std::string& content, char kind = '0') {
  const auto octal = [](std::size_t value, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (std::size_t i = text.size(); i-- > 0; value /= 8)
      text[i] = static_cast<char>('0' + value % 8);
    return text + '\0';
  };
  std::string header = name;
  header.resize(100);
  header += octal(0644, 7) + octal(0, 7) + octal(0, 7) + octal(content.size(), 11) + octal(0, 11) +
            std::string(8, ' ') + kind;
  header.resize(257);
  header += "ustar\0"s + "00";
  header.resize(512);
  std::string all = header + content;
  all.resize((all.size() + 511) / 512 * 512 + 1024);
  return all;
}

/// The first header's checksum is made good.
std::string with_checksum(std::string archive) {
  if (archive.size() < 512) return archive;
  archive.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (int i = 0; i < 512; ++i)
    sum += static_cast<std::uint8_t>(archive[static_cast<std::size_t>(i)]);
  for (std::size_t i = 6; i-- > 0; sum /= 8) archive[148 + i] = static_cast<char>('0' + sum % 8);
  archive[154] = '\0';
  return archive;
}

OHMIC_FUZZ(Tar) {
  return {.seeds = {with_checksum(tar("a/b.bin", "0123")), gzip(with_checksum(tar("c", "45")))},
          .read =
              [](const std::string& bytes) {
                const fs::path around = scratch_folder() / "around", inside = around / "inside";
                fs::remove_all(around);
                fs::create_directories(inside);
                const fs::path archive = scratch(bytes);
                try {
                  unpack_archive(archive, inside);
                } catch (const Error&) {
                }
                for (const auto& entry : fs::directory_iterator(around))
                  if (entry.path() != inside)
                    throw std::logic_error("wrote " + entry.path().string());
              },
          .words = {"../", "/etc/x", "ustar", "././@LongLink", "path=", "SCHILY"},
          .part = [](const std::string& file, std::mt19937_64& random) -> std::optional<Part> {
            if (auto packed = packed_part(file, random)) return packed;
            return Part{file, with_checksum};
          },
          .cost = 4};
}

}  // namespace
}  // namespace ohmic::test
