#include <gtest/gtest.h>

#include "nn/io/torch_pickle.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

// Python's own pickle and zipfile write the archives, as torch.save does: a storage is a persistent
// id, a tensor a call of torch._utils._rebuild_tensor_v2. The modules are stand-ins of one line.
const std::string kPython = R"(
import collections, os, pickle, struct, sys, types, zipfile
torch, utils = types.ModuleType('torch'), types.ModuleType('torch._utils')
sys.modules.update({'torch': torch, 'torch._utils': utils})
class FloatStorage: pass
class LongStorage: pass
for c in (FloatStorage, LongStorage):
    c.__module__ = 'torch'; setattr(torch, c.__name__, c)
def _rebuild_tensor_v2(*a): pass
_rebuild_tensor_v2.__module__ = 'torch._utils'; utils._rebuild_tensor_v2 = _rebuild_tensor_v2
class Storage:
    def __init__(s, kind, key, n): s.id = ('storage', kind, key, 'cpu', n)
class Tensor:
    def __init__(s, storage, offset, size, stride): s.a = (storage, offset, size, stride, False, collections.OrderedDict())
    def __reduce__(s): return (_rebuild_tensor_v2, s.a)
class Pickler(pickle.Pickler):
    def persistent_id(s, x): return x.id if isinstance(x, Storage) else None
def save(file, value, storages):
    with zipfile.ZipFile(file, 'w') as z:
        with z.open('archive/data.pkl', 'w') as f: Pickler(f, 2).dump(value)
        for key, data in storages.items(): z.writestr('archive/data/' + key, data)
values = struct.pack('<6f', 0, 1, 2, 3, 4, 5)
s, n = Storage(FloatStorage, '0', 6), Storage(LongStorage, '1', 1)
)";

class TorchZip : public ::testing::Test {
 protected:
  std::filesystem::path make(const std::string& script) {
    const auto py = folder_.write("make.py", kPython + script);
    const auto file = folder_.path() / "weights.pt";
    const std::string command = "cd " + folder_.path().string() + " && python3 make.py";
    if (std::system(command.c_str()) != 0) return {};
    return file;
  }
  TemporaryFolder folder_;
};

TEST_F(TorchZip, ReadsAStateDictWithStridesAndOffsets) {
  const auto file = make(R"(
d = collections.OrderedDict()
d['module.a.weight'] = Tensor(s, 0, (2, 3), (3, 1))
d['module.t.weight'] = Tensor(s, 0, (3, 2), (1, 3))
d['module.b.bias'] = Tensor(s, 4, (2,), (1,))
d['module.bn.num_batches_tracked'] = Tensor(n, 0, (), ())
d._metadata = collections.OrderedDict({'': {'version': 1}})
save('weights.pt', {'state_dict': d, 'epoch': 7, 'best': 91.5}, {'0': values, '1': bytes(8)})
)");
  if (file.empty()) GTEST_SKIP() << "python3 is not installed";
  const Weights w = read_torch_zip(file).weights;
  EXPECT_EQ(w.size(), 3u);
  EXPECT_EQ(w.at("a.weight").values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(w.at("t.weight").values, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(w.at("b.bias").values, (std::vector<float>{4, 5}));
}

TEST_F(TorchZip, RunsNoCodeAndSaysSo) {
  const auto file = make(R"(
class Evil:
    def __reduce__(s): return (os.system, ('touch evil',))
save('weights.pt', {'w': Evil()}, {})
)");
  if (file.empty()) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(
      error_of([&] { read_torch_zip(file); }),
      file.string() +
          ": holds more than tensors (posix system); it could run code, so it is not read. In "
          "Python: torch.save(model.state_dict(), FILE)");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "evil"));
}

TEST_F(TorchZip, RefusesATensorBeyondItsStorage) {
  const auto file =
      make("save('weights.pt', {'w': Tensor(s, 1, (2, 3), (3, 1))}, {'0': values})\n");
  if (file.empty()) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(error_of([&] { read_torch_zip(file); }),
            file.string() + ": truncated: storage 0 is too short");
}

TEST_F(TorchZip, SaysWhenItIsCutOrNoTorchArchive) {
  const auto file = make("save('weights.pt', {'w': Tensor(s, 0, (6,), (1,))}, {'0': values})\n");
  if (file.empty()) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(read_torch_zip(file).weights.at("w").values.size(), 6u);
  const std::string bytes = test::bytes_of(file);
  for (const std::size_t size : {bytes.size() / 4, bytes.size() / 2}) {
    const auto cut = folder_.write("cut.pt", bytes.substr(0, size));
    EXPECT_TRUE(error_of([&] { read_torch_zip(cut); }).starts_with(cut.string() + ": ")) << size;
  }
  const auto legacy = folder_.write("a.th", std::string("\x80\x02\x8a\x0a", 4));
  EXPECT_EQ(error_of([&] { read_torch_legacy(legacy); }), legacy.string() + ": truncated");
}

}  // namespace
}  // namespace ohmic
