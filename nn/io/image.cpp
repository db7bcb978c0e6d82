#include "nn/io/image.hpp"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <iterator>

// libjpeg's headers need <cstdio> before them.
#include <jpeglib.h>
// and the messages theirs
#include <jerror.h>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

using namespace std::string_view_literals;

constexpr auto kPngStart = "\x89PNG\r\n\x1a\n"sv, kJpegStart = "\xff\xd8\xff"sv;

/// Both formats spend at least one bit on 8 x 8 pixels, or one byte on 1032.
constexpr std::uint64_t kMostPixelsPerByte = 1100, kFreePixels = 1 << 16, kMostPixels = 1 << 26;

/// Of a JPEG. Encoders write about ten; each costs time for all pixels, however few bytes it has.
constexpr int kMostScans = 100;

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw DataError(name + ": " + why);
}

Image make_image(const std::string& name, std::uint64_t width, std::uint64_t height,
                 std::size_t file_bytes) {
  constexpr std::uint64_t kMostSide = 1 << 20;
  const std::uint64_t most = kFreePixels + kMostPixelsPerByte * file_bytes;
  if (width > kMostSide || height > kMostSide || width * height > most)
    fail(name, "is damaged: " + std::to_string(width) + " x " + std::to_string(height) +
                   " pixels cannot be in " + std::to_string(file_bytes) + " bytes");
  if (width * height > kMostPixels)
    fail(name, "has " + std::to_string(width) + " x " + std::to_string(height) +
                   " pixels; images of at most " + std::to_string(kMostPixels) + " are read");
  Image image{static_cast<int>(height), static_cast<int>(width), {}};
  image.pixels.resize(width * height * 3);
  return image;
}

/// libpng jumps here with what is wrong.
struct PngReader {
  std::string_view left;
  char why[160] = "";

  static void read(png_structp png, png_bytep to, std::size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->left.size()) png_error(png, "it ends too early");
    std::memcpy(to, self->left.data(), count);
    self->left.remove_prefix(count);
  }
  static void on_error(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self->why, sizeof self->why, "%s", message);
    longjmp(png_jmpbuf(png), 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
};

/// Red, green and blue of 8 bits, whatever the file has. False: `reader` says why.
bool read_png_header(png_structp png, png_infop info, std::uint64_t& width, std::uint64_t& height) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_info(png, info);
  png_set_palette_to_rgb(png);
  png_set_expand_gray_1_2_4_to_8(png);
  png_set_gray_to_rgb(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  width = png_get_image_width(png, info);
  height = png_get_image_height(png, info);
  return png_get_rowbytes(png, info) == width * 3;
}

bool read_png_rows(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

struct PngMemory {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~PngMemory() { png_destroy_read_struct(&png, &info, nullptr); }
};

Image decode_png(std::string_view bytes, const std::string& name) {
  PngReader reader{bytes};
  PngMemory memory;
  memory.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, PngReader::on_error,
                                      PngReader::on_warning);
  OHMIC_ASSERT(memory.png);
  memory.info = png_create_info_struct(memory.png);
  OHMIC_ASSERT(memory.info);
  png_set_read_fn(memory.png, &reader, PngReader::read);
  const auto damaged = [&] { fail(name, std::string("is a damaged PNG: ") + reader.why); };
  std::uint64_t width = 0, height = 0;
  if (!read_png_header(memory.png, memory.info, width, height)) damaged();
  Image image = make_image(name, width, height, bytes.size());
  std::vector<png_bytep> rows;
  for (std::uint64_t y = 0; y < height; ++y) rows.push_back(image.pixels.data() + y * width * 3);
  if (!read_png_rows(memory.png, rows.data())) damaged();
  return image;
}

/// Whether libjpeg warns of what leaves the pixels as they were written.
bool is_harmless(int warning) {
  constexpr int kHarmless[] = {
      JWRN_EXTRANEOUS_DATA,  // between segments
      JWRN_ADOBE_XFORM, JWRN_JFIF_MAJOR,
      JWRN_NOT_SEQUENTIAL,  // zeros in the header of a scan, which some cameras write
  };
  return std::ranges::find(kHarmless, warning) != std::end(kHarmless);
}

/// libjpeg jumps back with what is wrong.
struct JpegErrors {
  jpeg_error_mgr base;
  std::jmp_buf back;
  char why[JMSG_LENGTH_MAX] = "";
  bool has_too_many_scans = false;

  static void stop(j_common_ptr info) {
    auto* self = reinterpret_cast<JpegErrors*>(info->err);
    info->err->format_message(info, self->why);
    std::longjmp(self->back, 1);
  }
  /// Damage that libjpeg would paint over.
  static void on_message(j_common_ptr info, int level) {
    if (level < 0) ++info->err->num_warnings;
    if (level < 0 && !is_harmless(info->err->msg_code)) stop(info);
  }
  static void on_progress(j_common_ptr info) {
    auto* self = reinterpret_cast<JpegErrors*>(info->err);
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
    self->has_too_many_scans = true;
    std::longjmp(self->back, 1);
  }
};

struct JpegMemory {
  jpeg_decompress_struct info{};
  JpegErrors errors{};
  jpeg_progress_mgr progress{};
  JpegMemory() {
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = JpegErrors::stop;
    errors.base.emit_message = JpegErrors::on_message;
    errors.base.output_message = [](j_common_ptr) {};
    jpeg_create_decompress(&info);
    progress.progress_monitor = JpegErrors::on_progress;
    info.progress = &progress;
  }
  ~JpegMemory() { jpeg_destroy_decompress(&info); }
};

bool read_jpeg_header(JpegMemory& m, std::string_view bytes) {
  if (setjmp(m.errors.back)) return false;
  jpeg_mem_src(&m.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&m.info, TRUE);
  const bool four = m.info.num_components == 4;
  m.info.out_color_space = four ? JCS_CMYK : JCS_RGB;
  return true;
}

/// As Pillow turns Adobe's inverted CMYK to RGB.
void rgb_of_cmyk(const std::uint8_t* cmyk, int pixels, std::uint8_t* rgb) {
  for (int x = 0; x < pixels; ++x)
    for (int c = 0; c < 3; ++c) {
      const int white = cmyk[4 * x + 3], ink = 255 - cmyk[4 * x + c];
      const int product = ink * white + 128;
      rgb[3 * x + c] =
          static_cast<std::uint8_t>(std::clamp(white - ((product >> 8) + product) / 256, 0, 255));
    }
}

bool read_jpeg_rows(JpegMemory& m, Image& image, std::vector<std::uint8_t>& row) {
  if (setjmp(m.errors.back)) return false;
  jpeg_start_decompress(&m.info);
  for (int y = 0; y < image.height; ++y) {
    std::uint8_t* to = image.pixels.data() + static_cast<std::size_t>(y) * image.width * 3;
    JSAMPROW line = row.empty() ? to : row.data();
    jpeg_read_scanlines(&m.info, &line, 1);
    if (!row.empty()) rgb_of_cmyk(row.data(), image.width, to);
  }
  jpeg_finish_decompress(&m.info);
  return true;
}

Image decode_jpeg(std::string_view bytes, const std::string& name) {
  JpegMemory memory;
  const auto damaged = [&] {
    if (memory.errors.has_too_many_scans)
      fail(name, "has more than " + std::to_string(kMostScans) +
                     " scans; JPEGs of at most so many are read");
    fail(name, std::string("is a damaged JPEG: ") + memory.errors.why);
  };
  if (!read_jpeg_header(memory, bytes)) damaged();
  Image image = make_image(name, memory.info.image_width, memory.info.image_height, bytes.size());
  std::vector<std::uint8_t> row;
  if (memory.info.out_color_space == JCS_CMYK)
    row.resize(static_cast<std::size_t>(image.width) * 4);
  if (!read_jpeg_rows(memory, image, row)) damaged();
  return image;
}

}  // namespace

Image decode_image(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with(kPngStart)) return decode_png(bytes, name);
  if (bytes.starts_with(kJpegStart)) return decode_jpeg(bytes, name);
  fail(name, std::string(bytes.empty() ? "is empty" : "is no PNG and no JPEG") +
                 "; expected images of these two kinds (convert others)");
}

}  // namespace ohmic
