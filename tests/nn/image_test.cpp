#include "nn/io/image.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "nn/data/image_folder.hpp"
#include "nn/data/samples.hpp"
#include "nn/data/transform.hpp"
#include "nn/metrics/measure.hpp"
#include "simulator/error.hpp"
#include "tests/nn/pictures.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;
using Shape = std::vector<std::int64_t>;

/// FNV-1a of 64 bits.
std::uint64_t hash_of(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

/// The picture of a formula.
Image picture(int height, int width) {
  Image image{height, width, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        image.pixels.push_back(static_cast<std::uint8_t>(x * 7 + y * 13 + c * 50 + x * y % 17 * 9));
  return image;
}

// Every hash below is of what Pillow 12.0 and torchvision 0.26 give.
TEST(Images, AreDecodedAsPillowDecodesThem) {
  const auto decoded = [](const std::string& bytes) {
    const Image image = decode_image(bytes, "x");
    EXPECT_EQ(image.height, 9);
    EXPECT_EQ(image.width, 7);
    return hash_of(image.pixels);
  };
  EXPECT_EQ(decoded(test::kJpeg), 0x2e1278f91226cb54u);
  EXPECT_EQ(decoded(test::kGrayJpeg), 0xddd56b511a5321cau);
  EXPECT_EQ(decoded(test::kCmykJpeg), 0x120bb05694ec9647u);
  EXPECT_EQ(decoded(test::kPng), 0x5c282be9847b04b3u);
  EXPECT_EQ(decoded(test::kPalettePng), 0x8fc5acc01b6b55cdu);
  EXPECT_EQ(decoded(test::kGrayAlphaPng), 0x4a0924decf540f23u);
  EXPECT_EQ(decoded(test::kBilevelPng), 0x1e06d93c66d85b9bu);
  EXPECT_EQ(decoded(test::kSixteenBitPng), 0x8f7568757f69d295u);  // the upper bytes
}

TEST(Images, DamagedOnesAreRefused) {
  const auto error = [](const std::string& bytes) {
    return error_of([&] { decode_image(bytes, "x.png"); });
  };
  EXPECT_EQ(error(test::kPng.substr(0, 100)), "x.png: is a damaged PNG: it ends too early");
  EXPECT_EQ(error(test::kJpeg.substr(0, 400)),
            "x.png: is a damaged JPEG: Premature end of JPEG file");
  EXPECT_EQ(error("GIF89a"),
            "x.png: is no PNG and no JPEG; expected images of these two kinds "
            "(convert others)");
  EXPECT_EQ(error(""), "x.png: is empty; expected images of these two kinds (convert others)");
  std::string flipped = test::kPng;
  flipped[60] = static_cast<char>(flipped[60] ^ 1);
  EXPECT_NE(error(flipped), "");
  std::string huge = test::kJpeg;  // 65,021 x 65,021 pixels in 656 bytes
  const std::size_t frame = huge.find("\xff\xc0");
  for (std::size_t i = 5; i < 9; ++i) huge[frame + i] = '\xfd';
  EXPECT_EQ(error(huge), "x.png: is damaged: 65021 x 65021 pixels cannot be in 656 bytes");
  huge[frame + 5] = huge[frame + 7] = '\x40';  // 16,637 each way, which so many bytes may hold
  EXPECT_EQ(error(huge + std::string(1 << 20, '\0')),
            "x.png: has 16637 x 16637 pixels; images of at most 67108864 are read");
  for (const std::string* whole : {&test::kPng, &test::kJpeg, &test::kPalettePng})
    for (std::size_t cut = 0; cut + 20 < whole->size(); cut += 7)
      EXPECT_NE(error(whole->substr(0, cut)), "");
}

/// Eight by eight grey pixels in progressive scans: one of the mean, the others of one frequency.
std::string progressive_jpeg(int scans) {
  using namespace std::string_literals;
  const std::string one_code = "\1"s + std::string(16, '\0');  // of symbol 0, which is a bit of 0
  std::string jpeg = "\xff\xd8\xff\xdb\0\x43\0"s + std::string(64, '\1') +
                     "\xff\xc2\0\x0b\x8\0\x8\0\x8\1\1\x11\0"s;
  for (const char table : {'\0', '\x10'}) jpeg += "\xff\xc4\0\x14"s + table + one_code;
  for (int scan = 0; scan < scans; ++scan)
    jpeg += "\xff\xda\0\x8\1\1\0"s + (scan == 0 ? "\0\0\0"s : "\1\1\0"s) + '\x7f';
  return jpeg + "\xff\xd9";
}

TEST(Images, ScansOfAJpegAreLimited) {
  const Image image = decode_image(progressive_jpeg(100), "x.jpg");
  EXPECT_EQ(image.pixels, std::vector<std::uint8_t>(8 * 8 * 3, 128));
  EXPECT_EQ(error_of([] { decode_image(progressive_jpeg(101), "x.jpg"); }),
            "x.jpg: has more than 100 scans; JPEGs of at most so many are read");
}

// libjpeg paints the rest grey and warns.
TEST(Images, JpegsDamagedWithinTheirPixelsAreRefused) {
  const auto error = [](const std::string& bytes) {
    return error_of([&] { decode_image(bytes, "x.jpg"); });
  };
  const std::size_t scan = test::kJpeg.find("\xff\xda"), pixels = scan + 14;
  ASSERT_LT(pixels + 20, test::kJpeg.size());
  const auto with = [&](const std::string& bytes) {
    return std::string(test::kJpeg).replace(pixels + 10, bytes.size(), bytes);
  };
  EXPECT_EQ(error(with("\xff\xd9")),
            "x.jpg: is a damaged JPEG: Corrupt JPEG data: premature end of data segment");
  EXPECT_EQ(error(with("\xff\xd0")),
            "x.jpg: is a damaged JPEG: Corrupt JPEG data: premature end of data segment");
  std::string ones;
  for (int i = 0; i < 4; ++i) ones += std::string("\xff\0", 2);
  EXPECT_EQ(error(with(ones)), "x.jpg: is a damaged JPEG: Corrupt JPEG data: bad Huffman code");
  // Bytes between segments belong to no pixel.
  std::string padded = test::kJpeg;
  padded.insert(padded.size() - 2, 3, '\0');
  EXPECT_EQ(decode_image(padded, "x").pixels, decode_image(test::kJpeg, "x").pixels);
}

TEST(Transforms, ResizeAsTorchvisionDoes) {
  const auto resize = [](int h, int w, std::vector<int> sizes, const char* how) {
    Transform t;
    t.resize = std::move(sizes);
    t.interpolation = how;
    const Planes planes = transformed(picture(h, w), t);
    std::vector<std::uint8_t> interleaved;
    const std::size_t area = static_cast<std::size_t>(planes.height) * planes.width;
    for (std::size_t p = 0; p < area; ++p)
      for (std::size_t c = 0; c < 3; ++c) interleaved.push_back(planes.pixels[c * area + p]);
    return std::tuple(planes.height, planes.width, hash_of(interleaved));
  };
  EXPECT_EQ(resize(37, 53, {16}, "bilinear"), std::tuple(16, 22, 0x1a46268ca4a25d99u));
  EXPECT_EQ(resize(37, 53, {16}, "bicubic"), std::tuple(16, 22, 0x84f722cef10bec34u));
  EXPECT_EQ(resize(20, 11, {24}, "bilinear"), std::tuple(43, 24, 0xabc6a0baff60545eu));
  EXPECT_EQ(resize(20, 11, {9, 30}, "bicubic"), std::tuple(9, 30, 0x8161b3275cdf788bu));
  EXPECT_EQ(resize(64, 48, {24, 31}, "bilinear"), std::tuple(24, 31, 0x9da64c5b6313a960u));
}

TEST(Transforms, CropAndTurnGrayAsTorchvisionDoes) {
  EXPECT_EQ(hash_of(center_cropped(picture(37, 53), 20, 24).pixels), 0xd0ef9bfbe6b24aacu);
  EXPECT_EQ(hash_of(center_cropped(picture(10, 30), 16, 16).pixels), 0x54db13ca8dcebd79u);
  EXPECT_EQ(hash_of(center_cropped(picture(9, 9), 4, 12).pixels), 0xf06576b0c6bbe2e9u);
  EXPECT_EQ(hash_of(center_cropped(picture(12, 15), 9, 8).pixels), 0x1c295709b9709619u);
  Transform gray;
  gray.channels = "gray";
  const Planes planes = transformed(picture(6, 5), gray);
  EXPECT_EQ(planes.channels, 1);
  EXPECT_EQ((std::vector<std::uint8_t>{planes.pixels.begin(), planes.pixels.begin() + 5}),
            (std::vector<std::uint8_t>{41, 48, 55, 62, 69}));
  Transform bgr;
  bgr.channels = "bgr";
  EXPECT_EQ(transformed(picture(1, 1), bgr).pixels, (std::vector<std::uint8_t>{100, 50, 0}));
}

TEST(ImageFolder, ClassesAreItsFoldersInTheOrderOfNames) {
  const TemporaryFolder folder;
  folder.write("set/cat/2.png", test::kPalettePng);
  folder.write("set/cat/1.png", test::kPng);
  folder.write("set/ant/deep/a.JPEG", test::kJpeg);
  folder.write("set/ant/notes.txt", "no image");
  folder.write("set/.hidden/x.png", test::kPng);
  const ImageSet set = read_samples({(folder.path() / "set").string(), "", "", {}});
  EXPECT_EQ(set.class_names, (std::vector<std::string>{"ant", "cat"}));
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{0, 1, 1}));  // one of each class in turn
  EXPECT_EQ(set.shape, (Shape{3, 9, 7}));
  std::vector<float> x(static_cast<std::size_t>(set.values()));
  set.sample(1, x.data());
  EXPECT_EQ(x[0], 0);
  EXPECT_EQ(x[63], 50);  // the second plane of picture(9, 7)
  normalized_batch(set, {}, 1, 1, x.data());
  EXPECT_FLOAT_EQ(x[1], 50 / 255.f);  // channels last, pixel/255

  const ImageSet named =
      read_samples({(folder.path() / "set").string(), "", "", {"cat", "dog", "ant"}});
  EXPECT_EQ(named.labels, (std::vector<std::int32_t>{0, 2, 0}));
  EXPECT_EQ(named.classes, 3);
  EXPECT_EQ(error_of([&] {
              Measure(MetricChoice{}, {{1000}, false}, set);
            }),
            "the data have 2 classes (ant to cat), the network answers with 1000 numbers; expected "
            "classes = [...] beside samples: the name of every answer's folder, in the order of "
            "the answers");
  EXPECT_EQ(error_of([&] {
              read_samples({(folder.path() / "set").string(), "", "", {"cat"}});
            }),
            (folder.path() / "set/ant").string() + ": is no class; `classes` has 1: cat");
  const std::string hash = hash_of_images(folder.path() / "set");
  EXPECT_EQ(hash.size(), 64u);
}

TEST(ImageFolder, SaysWhatItCannotUse) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name, const Transform& transform = {}) {
    return error_of([&] {
      const ImageSet set = read_samples({(folder.path() / name).string(), "", "", {}}, transform);
      std::vector<float> x(static_cast<std::size_t>(set.size() * set.values()));
      normalized_batch(set, {}, 0, set.size(), x.data());
    });
  };
  const std::string root = folder.path().string();
  folder.write("sizes/a/1.png", test::kPng);
  folder.write("sizes/b/2.png", test::kPng);
  EXPECT_EQ(error("sizes"), "");
  folder.write("numbers/10/1.png", test::kPng);
  folder.write("numbers/2/1.png", test::kPng);
  EXPECT_EQ(error("numbers"),
            root +
                "/numbers: its classes are numbers, which lie in another order by name (10, 2) "
                "than by value; expected classes = [\"0\", \"1\", ...] beside samples, in the "
                "order of the network's answers");
  folder.write("mixed/a/1.png", test::kPng);
  folder.write("mixed/2.png", test::kPng);
  EXPECT_EQ(error("mixed"), root +
                                "/mixed: holds the image 2.png beside the folder a; expected a "
                                "sub-folder per class, or images alone");
  folder.write("none/a/readme", "");
  EXPECT_EQ(error("none"), root + "/none/a: holds no PNG or JPEG images");
  folder.write("bmp/a/1.bmp", "BM");
  EXPECT_EQ(error("bmp"), root +
                              "/bmp/a/1.bmp: is an image of a format that is not read; expected "
                              "PNG or JPEG");
  folder.write("pipe/a/1.png", test::kPng);
  ASSERT_EQ(::mkfifo((root + "/pipe/a/2.png").c_str(), 0600), 0);
  EXPECT_EQ(error("pipe"), root +
                               "/pipe/a/2.png: is a device, a pipe or a link to nothing; expected "
                               "an image in a regular file");
  Transform shorter;
  shorter.resize = {14};
  folder.write("flat/1.png", test::kPng);
  EXPECT_EQ(error("flat", shorter), "");
  EXPECT_FALSE(read_samples({root + "/flat", "", "", {}}).has_labels());
}

}  // namespace
}  // namespace ohmic
