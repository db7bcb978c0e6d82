#include "tests/fuzz/target.hpp"
#include "tests/fuzz/weights.hpp"
#include "tests/stored_zip.hpp"

namespace ohmic::test {
namespace {

using namespace std::string_literals;

const std::string kFloats = "0123456789abcdef", kHalves = "01234567";

/// A module as torch.save(model) pickles it, and a dictionary in the words of protocol 4.
std::vector<std::string> other_pickles() {
  const std::string weight = pickled_text("weight") + pickled_tensor("0", "FloatStorage");
  const auto of = [](const std::string& key, const std::string& value) {
    return pickled_text(key) + value;
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
  return stored_zip({{"a/data.pkl", pickle},
                     {"a/byteorder", "little"},
                     {"a/data/0", kFloats},
                     {"a/data/1", kHalves}});
}

const std::vector<std::string> kWords{"ctorch._utils\n_rebuild_tensor_v2\n",
                                      "ccollections\nOrderedDict\n",
                                      "ctorch\nFloatStorage\n",
                                      "ctorch\nLongStorage\n",
                                      "cbuiltins\neval\n",
                                      "cos\nsystem\n",
                                      "\x80\x04\x95",
                                      ")R",
                                      "}(",
                                      "h\x01",
                                      "q\x01",
                                      "\x8c\x01",
                                      "\x85",
                                      "\x86",
                                      "\x87",
                                      "t",
                                      "u",
                                      "b",
                                      "s",
                                      "e",
                                      "Q",
                                      "."};

OHMIC_FUZZ(TorchZip) {
  return {.seeds = {zip_around(pickled_checkpoint())},
          .read =
              [](const std::string& bytes) {
                read_all_but_the_network(open_torch_zip(scratch(bytes)));
              },
          .words = {"PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07",
                    "data.pkl", "byteorder", "big"}};
}

OHMIC_FUZZ(TorchPickle) {
  std::vector<std::string> seeds = other_pickles();
  seeds.push_back(pickled_checkpoint());
  return {.seeds = seeds,
          .read =
              [](const std::string& bytes) {
                read_all_but_the_network(open_torch_zip(scratch(zip_around(bytes))));
              },
          .words = kWords};
}

OHMIC_FUZZ(TorchLegacy) {
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  return {.seeds = {magic + "\x80\x02M\xe9\x03.\x80\x02}." + pickled_checkpoint() + "\x80\x02](" +
                    pickled_text("0") + pickled_text("1") + "e." + little_endian(4, 8) + kFloats +
                    little_endian(4, 8) + kHalves},
          .read =
              [](const std::string& bytes) {
                read_all_but_the_network(open_torch_legacy(scratch(bytes)));
              },
          .words = kWords};
}

}  // namespace
}  // namespace ohmic::test
