// Networks with several inputs as PyTorch's users have them, exported on the spot: outputs are
// PyTorch's. Needs a Python (that of VIRTUAL_ENV, or python3) with torch 2.8 or later and, for
// ONNX, onnxscript.
#include <gtest/gtest.h>

#include "nn/data/samples.hpp"
#include "nn/import/imported_model.hpp"
#include "nn/io/npy.hpp"
#include "tests/nn/network_outputs.hpp"
#include "tests/nn/python.hpp"

namespace ohmic {
namespace {

constexpr char kScript[] = R"(
import torch, numpy, warnings
from torch import nn
warnings.filterwarnings('ignore')
torch.manual_seed(3)
n = 5
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 4)
    def forward(self, ids, mask):
        h, m = self.layers(self.words(ids), src_key_padding_mask=~mask), mask.unsqueeze(-1).float()
        return self.head((h * m).sum(1) / m.sum(1))
class Towers(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
                                   nn.Linear(512, 16))
        self.facts, self.head = nn.Linear(10, 16), nn.Linear(32, 5)
    def forward(self, image, facts):
        return self.head(torch.cat([self.image(image), self.facts(facts).relu()], 1))
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 8))
    def forward(self, left, right):
        return self.encode(left) - 2 * self.encode(right)
class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(30, 16), nn.Embedding(40, 16)
        self.layers = nn.Transformer(16, 2, 1, 1, 32, batch_first=True)
        self.words = nn.Linear(16, 40)
    def forward(self, source, target):
        mask = nn.Transformer.generate_square_subsequent_mask(target.size(1))
        return self.words(self.layers(self.source(source), self.target(target), tgt_mask=mask, tgt_is_causal=True))
class States(nn.Module):
    def __init__(self):
        super().__init__()
        self.read, self.write = nn.LSTM(6, 8, batch_first=True), nn.Linear(8, 3)
    def forward(self, steps, gain):
        return self.write(self.read(steps)[0][:, -1]) * gain.unsqueeze(-1)
tokens = lambda words, *shape: torch.randint(words, (n, *shape))
counts = torch.arange(12) < torch.randint(3, 13, (n, 1))
net, inputs = {
    'encoder': lambda: (Encoder(), dict(ids=tokens(50, 12), mask=counts)),
    'towers': lambda: (Towers(), dict(image=torch.randn(n, 3, 16, 16), facts=torch.randn(n, 10))),
    'pair': lambda: (Pair(), dict(left=torch.randn(n, 1, 12, 12), right=torch.randn(n, 1, 12, 12))),
    'translator': lambda: (Translator(), dict(source=tokens(30, 9), target=tokens(40, 7))),
    'states': lambda: (States(), dict(steps=torch.randn(n, 10, 6), gain=torch.randn(n)))}[name]()
net.eval()
for m in net.modules():
    if isinstance(m, nn.BatchNorm2d):
        m.running_mean.normal_(0, 0.1)
        m.running_var.uniform_(0.5, 1.5)
with torch.no_grad():
    numpy.save('y.npy', net(*inputs.values()).numpy())
for key, value in inputs.items():
    numpy.save(f'{key}.npy', value.numpy())
    print(key, file=open('names', 'a'))
shapes, few = tuple({0: torch.export.Dim('n')} for _ in inputs), tuple(v[:3] for v in inputs.values())
if kind == 'pt2':
    torch.export.save(torch.export.export(net, few, dynamic_shapes=shapes), 'net.pt2')
else:
    torch.onnx.export(net, few, 'net.onnx', dynamic_shapes=shapes, input_names=list(inputs))
)";

struct Case {
  const char *network, *kind;
};

class SeveralInputsOfPyTorch : public testing::TestWithParam<Case> {};

TEST_P(SeveralInputsOfPyTorch, AnswerAsPyTorchDoes) {
  const auto [network, kind] = GetParam();
  const bool is_onnx = std::string(kind) == "onnx";
  const std::string python =
      test::python_with(is_onnx ? std::vector<std::string>{"torch", "numpy", "onnx", "onnxscript"}
                                : std::vector<std::string>{"torch", "numpy"});
  if (python.empty())
    GTEST_SKIP() << "no Python with torch, numpy" << (is_onnx ? ", onnxscript" : "")
                 << " (VIRTUAL_ENV names one)";
  const test::TemporaryFolder folder;
  const std::string head = std::string("name, kind = '") + network + "', '" + kind + "'\n";
  ASSERT_EQ(test::run_script(python, folder, head + kScript), "");
  const LoweredNetwork lowered = lower(read_model(folder.path() / (std::string("net.") + kind)));
  SampleFiles files;
  std::istringstream names(test::bytes_of(folder.path() / "names"));
  for (std::string name; std::getline(names, name);)
    files.inputs.push_back({name, (folder.path() / (name + ".npy")).string()});
  Dataset data;
  data.test = read_samples(files);
  std::vector<SamplePart> parts;
  for (const SampleInput& input : lowered.inputs) parts.push_back({input.name, input.shape});
  fit_parts(data, parts);
  test::expect_outputs(lowered, data.test.numbers, read_npy(folder.path() / "y.npy").values, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(, SeveralInputsOfPyTorch,
                         testing::Values(Case{"encoder", "pt2"}, Case{"encoder", "onnx"},
                                         Case{"towers", "pt2"}, Case{"towers", "onnx"},
                                         Case{"pair", "pt2"}, Case{"pair", "onnx"},
                                         Case{"translator", "pt2"}, Case{"translator", "onnx"},
                                         Case{"states", "pt2"}, Case{"states", "onnx"}),
                         [](const testing::TestParamInfo<Case>& info) {
                           return std::string(info.param.network) + "_" + info.param.kind;
                         });

}  // namespace
}  // namespace ohmic
