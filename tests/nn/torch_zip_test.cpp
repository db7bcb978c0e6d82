#include <gtest/gtest.h>

#include "nn/io/weight_file.hpp"
#include "nn/network/shape_text.hpp"
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
class DoubleStorage: pass
class HalfStorage: pass
class BFloat16Storage: pass
class LongStorage: pass
for c in (FloatStorage, DoubleStorage, HalfStorage, BFloat16Storage, LongStorage):
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
def save(file, value, storages, protocol=2, root='archive/', order=None, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, 'a', packing) as z:
        with z.open(root + 'data.pkl', 'w') as f: Pickler(f, protocol).dump(value)
        if order is not None: z.writestr(root + 'byteorder', order)
        for key, data in storages.items(): z.writestr(root + 'data/' + key, data)
values = struct.pack('<6f', 0, 1, 2, 3, 4, 5)
s, n = Storage(FloatStorage, '0', 6), Storage(LongStorage, '1', 1)
)";

/// Every tensor of a file by its dictionary and name, joined by a dot.
Weights all_of(const WeightFile& file) {
  Weights weights;
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const FileTensor& t = file.tensors[i];
    if (t.foreign_type.empty())
      weights[t.dictionary + (t.dictionary.empty() ? "" : ".") + t.name] = file.read(i);
  }
  return weights;
}

class TorchZip : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c ''") != 0) GTEST_SKIP() << "python3 is not installed";
  }
  std::filesystem::path make(const std::string& script) {
    const auto py = folder_.write("make.py", kPython + script);
    const auto file = folder_.path() / "weights.pt";
    std::filesystem::remove(file);
    const std::string command = "cd " + folder_.path().string() + " && python3 make.py";
    EXPECT_EQ(std::system(command.c_str()), 0) << script;
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
  const Weights w = all_of(open_torch_zip(file));
  EXPECT_EQ(w.size(), 3u);
  EXPECT_EQ(w.at("state_dict.module.a.weight").values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(w.at("state_dict.module.t.weight").values, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(w.at("state_dict.module.b.bias").values, (std::vector<float>{4, 5}));
}

TEST_F(TorchZip, ReadsEveryProtocolByteOrderAndPacking) {
  for (const std::string how : {"protocol=2", "protocol=3", "protocol=4", "protocol=5", "root=''",
                                "root='a/b/'", "order=b'little'", "packing=zipfile.ZIP_DEFLATED"}) {
    const auto file =
        make("save('weights.pt', [{'w': Tensor(s, 0, (6,), (1,))}], {'0': values}, " + how + ")\n");
    EXPECT_EQ(all_of(open_torch_zip(file)).at("0.w").values, (std::vector<float>{0, 1, 2, 3, 4, 5}))
        << how;
  }
  const auto big = make(
      "save('weights.pt', {'w': Tensor(s, 0, (6,), (1,))},"
      " {'0': struct.pack('>6f', 0, 1, 2, 3, 4, 5)}, order=b'big')\n");
  EXPECT_EQ(all_of(open_torch_zip(big)).at("w").values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const auto odd =
      make("save('weights.pt', {'w': Tensor(s, 0, (6,), (1,))}, {'0': values}, order=b'pdp')\n");
  EXPECT_EQ(error_of([&] { open_torch_zip(odd); }),
            odd.string() + ": has the byte order \"pdp\"; expected little or big");
}

TEST_F(TorchZip, ReadsHalfBfloat16AndDouble) {
  const auto file = make(R"(
d = {'h': Tensor(Storage(HalfStorage, '0', 3), 0, (3,), (1,)),
     'b': Tensor(Storage(BFloat16Storage, '1', 2), 0, (2,), (1,)),
     'd': Tensor(Storage(DoubleStorage, '2', 2), 0, (2,), (1,)),
     'i': Tensor(Storage(LongStorage, '3', 2), 0, (2,), (1,))}
save('weights.pt', d, {'0': struct.pack('<3e', 1, -2, 0.5), '1': bytes([0x80, 0x3f, 0x40, 0xc0]),
                       '2': struct.pack('<2d', 1.5, -0.25), '3': bytes(16)})
)");
  const WeightFile opened = open_torch_zip(file);
  const Weights w = all_of(opened);
  EXPECT_EQ(w.size(), 3u);
  EXPECT_EQ(w.at("h").values, (std::vector<float>{1, -2, 0.5f}));
  EXPECT_EQ(w.at("b").values, (std::vector<float>{1, -3}));
  EXPECT_EQ(w.at("d").values, (std::vector<float>{1.5f, -0.25f}));
  EXPECT_EQ(opened.tensors.at(3).foreign_type, "of type Long");
}

TEST_F(TorchZip, NeedsNoChecksumsButUsesThoseThatAreThere) {
  const auto file = make(R"(
save('weights.pt', {'w': Tensor(s, 0, (6,), (1,))}, {'0': values})
b = bytearray(open('weights.pt', 'rb').read())
damaged = bytearray(b); damaged[b.find(values) + 8] ^= 1
open('damaged.pt', 'wb').write(damaged)
at = 0
while (at := b.find(b'PK\x01\x02', at)) >= 0:
    b[at + 16:at + 20] = bytes(4); at += 4
open('none.pt', 'wb').write(b)
)");
  EXPECT_EQ(all_of(open_torch_zip(folder_.path() / "none.pt")).at("w").values.size(), 6u);
  const auto damaged = folder_.path() / "damaged.pt";
  EXPECT_EQ(error_of([&] { all_of(open_torch_zip(damaged)); }),
            damaged.string() + ": is damaged: the checksum (CRC) of archive/data/0");
}

TEST_F(TorchZip, LeavesWhatStandsBesideTheTensorsUnread) {
  const auto file = make(R"(
import argparse, datetime, pathlib
class Evil:
    def __reduce__(s): return (os.system, ('touch evil',))
shared = {'w': Tensor(s, 0, (6,), (1,))}
save('weights.pt', {'args': argparse.Namespace(lr=0.1, big=2**80, when=datetime.date(2024, 1, 1)),
                    'evil': Evil(), 'path': pathlib.PurePath('a'), 'sets': ({1}, frozenset({2})),
                    'bytes': (b'a', bytearray(b'b')), 'model': shared, 'best': shared,
                    7: shared, 'odd': {('a', 1): 2}, 'e': float('nan')}, {'0': values}, protocol=5)
)");
  const Weights w = all_of(open_torch_zip(file));
  EXPECT_EQ(w.size(), 1u);
  EXPECT_EQ(w.at("model.w").values.size(), 6u);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "evil"));
}

// torch.save(model, FILE): the modules' dictionaries are read, their classes are not looked for.
TEST_F(TorchZip, ReadsTheTensorsOfAPickledModule) {
  const auto file = make(R"(
nets = types.ModuleType('nets'); sys.modules['nets'] = nets
class Net: pass
Net.__module__ = 'nets'; nets.Net = Net
def module(parameters, buffers, **modules):
    m = Net(); m.training = True
    m._parameters, m._buffers, m._modules = parameters, buffers, modules
    return m
bn = module({'weight': Tensor(s, 0, (2,), (1,)), 'bias': None}, {'running_var': Tensor(s, 2, (2,), (1,))})
save('weights.pt', {'model': module({}, {}, module=module({}, {}, bn1=bn))}, {'0': values})
)");
  const Weights w = all_of(open_torch_zip(file));
  EXPECT_EQ(w.size(), 2u);
  EXPECT_EQ(w.at("model.module.bn1.running_var").values, (std::vector<float>{2, 3}));
}

TEST_F(TorchZip, NamesTensorsThatItDoesNotRead) {
  const auto file = make(R"(
def function(module, name):
    def f(*a): pass
    f.__name__ = f.__qualname__ = name; f.__module__ = module
    parts = module.split('.')
    for i in range(len(parts)):
        path = '.'.join(parts[:i + 1])
        parent = sys.modules.setdefault(path, types.ModuleType(path))
    setattr(parent, name, f)
    return f
class Made:
    def __init__(s, *made): s.made = made
    def __reduce__(s): return s.made
q = function('torch._utils', '_rebuild_qtensor')
sparse = function('torch._utils', '_rebuild_sparse_tensor')
meta = function('torch._utils', '_rebuild_meta_tensor_no_storage')
array = function('numpy.core.multiarray', '_reconstruct')
save('weights.pt', {'q': Made(q, (s, 0, (2, 3), (3, 1), (1, 0.5, 3))),
                    's': Made(sparse, (0, (Tensor(s, 0, (2,), (1,)), Tensor(s, 0, (2,), (1,)), (4, 4)))),
                    'm': Made(meta, (0, (5,), (1,), False)),
                    'n': Made(array, (0, (0,), b'b'), (1, (2, 2), 'f4', False, bytes(16))),
                    'i': Tensor(n, 0, (1,), (1,))}, {'0': values, '1': bytes(8)})
)");
  std::map<std::string, std::string> kinds;
  for (const FileTensor& t : open_torch_zip(file).tensors)
    kinds[t.name] = shape_text(t.shape) + " " + t.foreign_type;
  EXPECT_EQ(kinds,
            (std::map<std::string, std::string>{{"q", "[2, 3] a quantised tensor"},
                                                {"s", "[4, 4] a sparse tensor"},
                                                {"m", "[5] a tensor without values (device meta)"},
                                                {"n", "[2, 2] a NumPy array"},
                                                {"i", "[1] of type Long"}}));
}

TEST_F(TorchZip, RunsNoCodeAndSaysSo) {
  const auto file = make(R"(
class Evil:
    def __reduce__(s): return (os.system, ('touch evil',))
save('weights.pt', {'w': Evil()}, {})
)");
  EXPECT_EQ(error_of([&] { open_torch_zip(file); }),
            file.string() +
                ": holds no tensors, only objects that could run code and are not read (posix "
                "system). In Python: torch.save(model.state_dict(), FILE)");
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "evil"));
}

TEST_F(TorchZip, RefusesATensorBeyondItsStorage) {
  const auto message = [&](const std::string& tensor) {
    const auto file = make("save('weights.pt', {'w': " + tensor + "}, {'0': values})\n");
    const std::string what = error_of([&] { all_of(open_torch_zip(file)); });
    return what.starts_with(file.string() + ": ") ? what.substr(file.string().size() + 2) : what;
  };
  const std::string beyond = "w does not fit into its storage 0, which holds 6 numbers";
  EXPECT_EQ(message("Tensor(s, 1, (2, 3), (3, 1))"), beyond);
  EXPECT_EQ(message("Tensor(s, 6, (1,), (1,))"), beyond);
  EXPECT_EQ(message("Tensor(s, 2**62, (2, 3), (2**62, 1))"), beyond);
  EXPECT_EQ(message("Tensor(s, 0, (2**31, 2**31, 2**31), (1, 1, 1))"), beyond);
  EXPECT_EQ(message("Tensor(s, 0, (2**29, 2**29), (0, 0))"),
            "w repeats numbers of its storage (a stride of 0). In Python: tensor.contiguous()");
  EXPECT_EQ(message("Tensor(s, -1, (2,), (1,))"), "w is damaged: its shape");
  EXPECT_EQ(message("Tensor(s, 0, (-2,), (1,))"), "w is damaged: its shape");
  EXPECT_EQ(message("Tensor(s, 0, (2,), (-1,))"), "w is damaged: its shape");
  EXPECT_EQ(message("Tensor(s, 0, (2,), (1, 1))"), "w is damaged: its shape");
  EXPECT_EQ(message("Tensor(s, 0, (2.5,), (1,))"), "w is damaged: its shape");
  EXPECT_EQ(message("Tensor(s, 0, (2**80,), (1,))"), "w is damaged: its shape");
  EXPECT_EQ(message("Tensor(s, 0, (1,) * 65, (1,) * 65)"),
            "damaged: w has 65 dimensions; at most 64 can be");
  EXPECT_EQ(message("Tensor(Storage(FloatStorage, '9', 6), 0, (2,), (1,))"),
            "is damaged: storage 9 of w is missing");
  EXPECT_EQ(message("Tensor(s, 0, (2**29, 2**29, 0), (1, 1, 1))"), "");
}

TEST_F(TorchZip, SaysWhenItIsCutOrNoTorchArchive) {
  const auto file = make("save('weights.pt', {'w': Tensor(s, 0, (6,), (1,))}, {'0': values})\n");
  EXPECT_EQ(all_of(open_torch_zip(file)).at("w").values.size(), 6u);
  const std::string bytes = test::bytes_of(file);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    const auto cut = folder_.write("cut.pt", bytes.substr(0, size));
    EXPECT_EQ(error_of([&] { open_torch_zip(cut); }),
              cut.string() +
                  ": is a zip archive, but truncated: the list of entries at its end is missing")
        << size;
  }
  const auto two = make(R"(
for root in ('a/', 'b/'): save('weights.pt', {'w': Tensor(s, 0, (6,), (1,))}, {'0': values}, root=root)
)");
  EXPECT_EQ(error_of([&] { open_torch_zip(two); }),
            two.string() +
                ": is a zip archive of several networks: a/data.pkl and b/data.pkl; expected one");
  const auto other = make("zipfile.ZipFile('weights.pt', 'w').writestr('arr_0.npy', b'abc')\n");
  EXPECT_EQ(error_of([&] { open_torch_zip(other); }),
            other.string() +
                ": is a zip archive, but has no data.pkl: not PyTorch's. It holds arr_0.npy");
}

TEST_F(TorchZip, UnpacksNoMoreThanWeightsCouldBe) {
  const auto file = make(R"(
with zipfile.ZipFile('weights.pt', 'w', zipfile.ZIP_DEFLATED) as z:
    with z.open('a/data.pkl', 'w') as f:
        for i in range(100): f.write(bytes(1 << 20))
)");
  const auto size = std::filesystem::file_size(file);
  EXPECT_EQ(error_of([&] { open_torch_zip(file); }),
            file.string() + ": would unpack to more than " +
                std::to_string((std::size_t{64} << 20) + 20 * size) +
                " bytes (64 MiB and 20 times its own size), which no file of weights does");
}

}  // namespace
}  // namespace ohmic
