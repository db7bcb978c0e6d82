// PyTorch's functions as .pt2 has them, one network each: what ohmic's operators compute is what
// PyTorch does. Skipped where VIRTUAL_ENV names no Python with torch.
#include <gtest/gtest.h>

#include <cstring>
#include <sstream>

#include "nn/import/imported_model.hpp"
#include "nn/io/npy.hpp"
#include "nn/operators/evaluate.hpp"
#include "tests/nn/network_outputs.hpp"
#include "tests/nn/python.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr char kScript[] = R"(
import torch, numpy, warnings
from torch import nn
import torch.nn.functional as F
warnings.filterwarnings('ignore')
torch.manual_seed(5)
class Net(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f
    def forward(self, x):
        y = self.f(x)
        return y[0] if isinstance(y, tuple) else y
def set_parts(x):
    y = x.clone()
    y[:, :, 0] = 0
    y[:, 1, 2:4] = x[:, 0, :2]
    return y
def set_places(x):
    y = x.clone()
    y[:, :, torch.tensor([1, 3])] = 0.5
    y[x > 1] = 1
    return y
image, line, volume = (2, 4, 12, 12), (2, 4, 20), (2, 2, 6, 6, 6)
mesh = lambda n: torch.stack(torch.meshgrid(torch.arange(12.), torch.arange(12.), indexing=n))
cases = [(image, m) for m in (
    nn.InstanceNorm2d(4, affine=True), nn.GroupNorm(2, 4), nn.LocalResponseNorm(3),
    nn.ReflectionPad2d(2), nn.ReplicationPad2d(1), nn.CircularPad2d(1), nn.ConstantPad2d(1, .5),
    nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode='bilinear'),
    nn.Upsample(scale_factor=2, mode='bicubic'), nn.PixelShuffle(2), nn.PixelUnshuffle(2),
    nn.ChannelShuffle(2), nn.LPPool2d(2, 2), nn.AvgPool2d(3, 2, 1),
    nn.MaxPool2d(3, 2, ceil_mode=True), nn.AdaptiveAvgPool2d(5), nn.AdaptiveMaxPool2d(3),
    nn.Unfold((3, 2), (1, 2), (1, 0), (2, 1)), nn.PReLU(4), nn.RReLU(), nn.Threshold(.1, 2),
    nn.Softmin(1), nn.Hardtanh(), nn.LogSigmoid(), nn.GLU(1), nn.SiLU(), nn.Mish(),
    nn.GELU('tanh'), nn.CELU(), nn.Hardswish(), nn.Softplus(2), nn.Hardsigmoid(), nn.ELU(.5),
    nn.ConvTranspose2d(4, 3, 3, 2, 1, 1, dilation=2),
    nn.Conv2d(4, 4, 3, padding=1, padding_mode='reflect'), nn.BatchNorm2d(4, affine=False),
    nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 3)),
    nn.utils.parametrizations.weight_norm(nn.Linear(12, 5), dim=None),
    nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 3)))]
cases += [(line, m) for m in (
    nn.Conv1d(4, 6, 3, padding='same', dilation=2), nn.ConvTranspose1d(4, 6, 4, 2, 1),
    nn.ReflectionPad1d(2), nn.Upsample(scale_factor=2, mode='linear'), nn.AdaptiveMaxPool1d(7))]
cases += [(volume, m) for m in (
    nn.Conv3d(2, 3, 3, padding=1), nn.MaxPool3d(2), nn.AvgPool3d(3, 2, 1), nn.AdaptiveAvgPool3d(2),
    nn.ConvTranspose3d(2, 3, 2), nn.AdaptiveMaxPool3d(3), nn.Upsample(scale_factor=2))]
cases += [((2, 10, 16), m) for m in (
    nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), nn.RNN(16, 8, batch_first=True),
    nn.GRU(16, 8, 2, bidirectional=True, batch_first=True))]
cases += [(image, f) for f in (
    lambda x: x.abs().log1p(), torch.expm1, lambda x: (x.abs() + 1).log2(), torch.exp2,
    lambda x: x.cumsum(-1), lambda x: x - x.std(-1, keepdim=True),
    lambda x: sum(torch.var_mean(x, 2, keepdim=True)), lambda x: x / x.norm(dim=-1, keepdim=True),
    lambda x: F.normalize(x, dim=1), lambda x: x - x.logsumexp(-1, keepdim=True),
    lambda x: x.topk(3).values, lambda x: x.sort(1, descending=True)[0], lambda x: x.sort(-1)[0],
    lambda x: x.argmax(-1).float(), lambda x: x.argsort(2).float(), lambda x: x.clamp(-1, .5),
    lambda x: torch.where(x > 0, x, .1 * x), lambda x: x.roll((1, 2), (1, 2)),
    lambda x: torch.einsum('bcij,bcjk->bcik', x, x), lambda x: torch.cdist(x, x.flip(2)),
    lambda x: F.cosine_similarity(x, x.flip(-1), dim=-1), lambda x: x.repeat_interleave(2, 1),
    lambda x: x.tile(1, 1, 2, 1), lambda x: x + mesh('ij')[0] - mesh('xy')[0],
    lambda x: x + torch.linspace(0, 1, 12), lambda x: torch.atan2(x, x.flip(-1)),
    lambda x: torch.hypot(x, x.flip(2)), lambda x: torch.fmod(x, .7), torch.trunc,
    lambda x: torch.remainder(x, .7), lambda x: x.amax((2, 3)), lambda x: x.median(-1)[0],
    lambda x: x.median(2, keepdim=True).values, lambda x: sum(x.unbind(1)),
    lambda x: x.gather(-1, x.argsort(-1)), lambda x: x.tril(1), lambda x: x.unfold(2, 4, 3),
    lambda x: F.grid_sample(x, x[:, :2, :5, :6].permute(0, 2, 3, 1).tanh(), align_corners=False),
    lambda x: F.interpolate(x, size=(7, 9), mode='bilinear', align_corners=True),
    lambda x: torch.linalg.norm(x, dim=-1), lambda x: (x / 0).nan_to_num(1, 2, -3),
    lambda x: torch.where(x > 1, x / 0, x).nan_to_num(0, 0, 0),
    lambda x: x + torch.linspace(0, 30, 12, dtype=torch.int64),
    lambda x: torch.atan2(x.abs(), -x * 0), lambda x: (x / x.relu()).isfinite().float(), lambda x: x.tensor_split(3, 2)[1],
    lambda x: x[:, [0, 2]], set_parts, set_places, lambda x: F.rms_norm(x, (12,)),
    lambda x: x.lerp(x.flip(-1), .3), lambda x: x.diff(), lambda x: x.diff(2, 2),
    lambda x: F.one_hot(x.argmax(-1), 12).float(), lambda x: x.movedim(1, -1),
    lambda x: x.movedim((1, 3), (2, 1)), lambda x: x.swapaxes(1, 2), lambda x: x.swapdims(-1, 1),
    lambda x: x.diagonal(1, 2, 3), lambda x: x[:, :3].diagonal(-2, 1, 3),
    lambda x: torch.zeros_like(x).scatter_add(-1, (x.argsort(-1) / 2).long(), x),
    lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True))]
class Cells(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell
    def forward(self, x):
        h = None
        for t in range(4):
            h = self.cell(x[:, t], h)
        return torch.cat(h, 1) if isinstance(h, tuple) else h
cases += [((2, 4, 6), Cells(c)) for c in (
    nn.GRUCell(6, 5), nn.LSTMCell(6, 5), nn.RNNCell(6, 5), nn.RNNCell(6, 5, nonlinearity='relu'))]
cases += [(image, f) for f in (
    lambda x: torch.tensordot(x, torch.ones(12, 4, 3) / 7, dims=([3, 1], [0, 1])),
    lambda x: x[torch.arange(x.size(0)), (x[:, :, 0, 0].argmax(1))])]
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = nn.Bilinear(7, 5, 3)
    def forward(self, x):
        return self.pair(x[..., :7], x[..., 7:])
class Bags(nn.Module):
    def __init__(self, weighted=False, **how):
        super().__init__()
        self.weighted, self.bags = weighted, nn.EmbeddingBag(9, 6, **how)
    def forward(self, x):
        where = (x.abs() * 4).clamp(0, 8).long()
        return self.bags(where, per_sample_weights=x if self.weighted else None)
cases += [(image, f) for f in (
    Pair(), lambda x: torch.where((x > 1).any(-1, keepdim=True), x, -x),
    lambda x: (x > 1.5).any((1, 2)).float(), lambda x: x + (x > 9).any(),
    lambda x: x.relu().all(-1).float(), lambda x: x + (x > -9).all(),
    lambda x: F.affine_grid(x[:, :2, 0, :3], (x.size(0), 1, 5, 4), align_corners=True),
    lambda x: F.affine_grid(x[:, :3, 0, :4], (x.size(0), 1, 2, 3, 4), align_corners=False))]
cases += [((3, 7), m) for m in (
    Bags(mode='sum'), Bags(mode='mean'), Bags(mode='max'), Bags(mode='mean', padding_idx=1),
    Bags(mode='sum', padding_idx=2, weighted=True))]
for i, (shape, f) in enumerate(cases):
    net, x = Net(f).eval(), torch.randn(shape)
    with torch.no_grad():
        y = net(x)
    numpy.save(f'{i}.x.npy', x.numpy())
    numpy.save(f'{i}.y.npy', y.contiguous().numpy())
    program = torch.export.export(net, (x,), dynamic_shapes=({0: torch.export.Dim('n')},))
    torch.export.save(program, f'{i}.pt2')
    torch.export.save(program.run_decompositions(), f'{i}.parts.pt2')
    what = getattr(f, '__code__', None)
    print(what.co_names if what else str(f).replace('\n', ' '), file=open('names', 'a'))
)";

ConstantTensor tensor(const HostTensor& array) {
  auto bytes = std::make_shared<std::vector<float>>(array.values);
  std::vector<std::int64_t> shape(array.shape.begin(), array.shape.end());
  return {ElementType::f32, shape, {bytes, reinterpret_cast<const std::byte*>(bytes->data())}};
}

TEST(Aten, EveryFunctionIsThatOfPyTorch) {
  const std::string python = test::python_with({"torch", "numpy"});
  if (python.empty()) GTEST_SKIP() << "no Python with torch and numpy (VIRTUAL_ENV names one)";
  const test::TemporaryFolder folder;
  ASSERT_EQ(test::run_script(python, folder, kScript), "");
  std::istringstream names(test::bytes_of(folder.path() / "names"));
  int i = 0;
  for (std::string what; std::getline(names, what); ++i) {
    SCOPED_TRACE(what);
    const std::string number = std::to_string(i);
    const auto file = [&](const char* end) { return folder.path() / (number + end); };
    for (const char* program : {".pt2", ".parts.pt2"}) try {
        const auto outputs =
            evaluate(read_model(file(program)), {tensor(read_npy(file(".x.npy")))});
        ASSERT_EQ(outputs.at(0).type, ElementType::f32);
        const auto* got = reinterpret_cast<const float*>(outputs[0].data.get());
        test::expect_near({got, got + outputs[0].elements()}, read_npy(file(".y.npy")).values,
                          1e-5);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
  }
  EXPECT_GT(i, 100);
}

}  // namespace
}  // namespace ohmic
