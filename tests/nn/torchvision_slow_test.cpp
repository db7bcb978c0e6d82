// Networks as PyTorch's users have them, with random weights, exported on the spot: outputs are
// PyTorch's. Needs a Python (that of VIRTUAL_ENV, or python3) with torch 2.8 or later, torchvision
// and, for ONNX, onnxscript.
#include <gtest/gtest.h>

#include "nn/import/imported_model.hpp"
#include "nn/io/npy.hpp"
#include "tests/nn/network_outputs.hpp"
#include "tests/nn/python.hpp"

namespace ohmic {
namespace {

// BatchNorm's statistics are not those of initialisation, and the vision transformer's last layer
// is not zero, as torchvision leaves it.
constexpr char kScript[] = R"(
import torch, numpy, warnings
from torch import nn
from torchvision import models
warnings.filterwarnings('ignore')
torch.manual_seed(1)
class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = nn.LSTM(40, 64, 2, batch_first=True, bidirectional=True)
        self.classes = nn.Linear(128, 10)
    def forward(self, x):
        return self.classes(self.cells(x)[0][:, -1])
net = Lstm() if name == 'lstm' else getattr(models.video if name == 'r3d_18' else models, name)()
for m in net.modules():
    if isinstance(m, (nn.BatchNorm2d, nn.BatchNorm3d)):
        m.running_mean.normal_(0, 0.1)
        m.running_var.uniform_(0.5, 1.5)
if name == 'vit_b_16':
    nn.init.normal_(net.heads.head.weight, std=0.02)
net.eval()
shapes = {'lstm': (2, 50, 40), 'r3d_18': (2, 3, 8, 56, 56)}
x = torch.randn(shapes.get(name, (2, 3, 224, 224)))
with torch.no_grad():
    numpy.save('y.npy', net(x).numpy())
numpy.save('x.npy', x.numpy())
shapes = ({0: torch.export.Dim('n')},)
if kind == 'pt2':
    torch.export.save(torch.export.export(net, (x,), dynamic_shapes=shapes), 'net.pt2')
else:
    torch.onnx.export(net, (x,), 'net.onnx', dynamic_shapes=shapes, input_names=['x'])
)";

struct Case {
  const char *network, *kind;
};

class Torchvision : public testing::TestWithParam<Case> {};

TEST_P(Torchvision, AnswersAsPyTorchDoes) {
  const auto [network, kind] = GetParam();
  const bool is_onnx = std::string(kind) == "onnx";
  const std::string python = test::python_with(
      is_onnx ? std::vector<std::string>{"torch", "torchvision", "numpy", "onnx", "onnxscript"}
              : std::vector<std::string>{"torch", "torchvision", "numpy"});
  if (python.empty())
    GTEST_SKIP() << "no Python with torch, torchvision, numpy" << (is_onnx ? ", onnxscript" : "")
                 << " (VIRTUAL_ENV names one)";
  const test::TemporaryFolder folder;
  const std::string head = std::string("name, kind = '") + network + "', '" + kind + "'\n";
  ASSERT_EQ(test::run_script(python, folder, head + kScript), "");
  const LoweredNetwork lowered = lower(read_model(folder.path() / (std::string("net.") + kind)));
  EXPECT_TRUE(lowered.digital.empty());
  test::expect_outputs(lowered, read_npy(folder.path() / "x.npy").values,
                       read_npy(folder.path() / "y.npy").values, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    , Torchvision,
    testing::Values(Case{"resnet18", "pt2"}, Case{"resnet18", "onnx"}, Case{"mobilenet_v2", "pt2"},
                    Case{"mobilenet_v2", "onnx"}, Case{"efficientnet_b0", "pt2"},
                    Case{"efficientnet_b0", "onnx"}, Case{"r3d_18", "pt2"}, Case{"r3d_18", "onnx"},
                    Case{"swin_t", "pt2"}, Case{"swin_t", "onnx"}, Case{"vit_b_16", "pt2"},
                    Case{"vit_b_16", "onnx"}, Case{"lstm", "pt2"}, Case{"lstm", "onnx"}),
    [](const testing::TestParamInfo<Case>& info) {
      return std::string(info.param.network) + "_" + info.param.kind;
    });

}  // namespace
}  // namespace ohmic
