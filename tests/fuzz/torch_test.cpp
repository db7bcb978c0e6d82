#include "tests/fuzz/mutations.hpp"
#include "tests/fuzz/weights.hpp"
#include "tests/stored_zip.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using namespace std::string_literals;

const std::string kFloats = "0123456789abcdef", kHalves = "01234567";

/// A module as torch.save(model) pickles it, and a dictionary in the words of protocol 4.
std::vector<std::string> other_pickles() {
  const std::string weight =
      test::pickled_text("weight") + test::pickled_tensor("0", "FloatStorage");
  const auto of = [](const std::string& key, const std::string& value) {
    return test::pickled_text(key) + value;
  };
  return {
      "\x80\x02"
      "cnets\nNet\n)\x81}(" +
          of("_modules", "}" +
                             of("conv1", "cnets\nConv\n)\x81}(" + of("_modules", "}") +
                                             of("_parameters", "}" + weight + "s") + "ub") +
                             "s") +
          "ub.",
      "\x80\x04\x95\x40\0\0\0\0\0\0\0}\x94\x8c\x01w\x94\x8c\x0ctorch._utils\x94"
      "\x8c\x12_rebuild_tensor_v2\x94\x93\x94((\x8c\x07storage\x94\x8c\x05torch\x94"
      "\x8c\x0c"
      "FloatStorage\x94\x93\x94\x8c\x01"
      "0\x94\x8c\x03"
      "cpu\x94K\x04t\x94QK\x00K\x04"
      "\x85\x94K\x01\x85\x94\x89Nt\x94R\x94s."s};
}

std::string zip_around(const std::string& pickle) {
  return test::stored_zip({{"a/data.pkl", pickle},
                           {"a/byteorder", "little"},
                           {"a/data/0", kFloats},
                           {"a/data/1", kHalves}});
}

TEST(Fuzz, TorchZip) {
  const test::TemporaryFolder folder;
  test::expect_no_surprise({zip_around(test::pickled_checkpoint())}, [&](const std::string& bytes) {
    test::read_all_but_the_network(open_torch_zip(folder.write("f", bytes)));
  });
}

TEST(Fuzz, TorchPickle) {
  const test::TemporaryFolder folder;
  std::vector<std::string> seeds = other_pickles();
  seeds.push_back(test::pickled_checkpoint());
  test::expect_no_surprise(seeds, [&](const std::string& bytes) {
    test::read_all_but_the_network(open_torch_zip(folder.write("f", zip_around(bytes))));
  });
}

TEST(Fuzz, TorchLegacy) {
  const test::TemporaryFolder folder;
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  const std::string seed = magic + "\x80\x02M\xe9\x03.\x80\x02}." + test::pickled_checkpoint() +
                           "\x80\x02](" + test::pickled_text("0") + test::pickled_text("1") + "e." +
                           test::little_endian(4, 8) + kFloats + test::little_endian(4, 8) +
                           kHalves;
  test::expect_no_surprise({seed}, [&](const std::string& bytes) {
    test::read_all_but_the_network(open_torch_legacy(folder.write("f", bytes)));
  });
}

}  // namespace
}  // namespace ohmic
