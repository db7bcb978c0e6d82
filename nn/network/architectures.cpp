#include "nn/network/architectures.hpp"

#include <array>
#include <charconv>

#include "nn/network/builder.hpp"

namespace ohmic {
namespace {

/// D of "prefixD"; absent when the name is not of this form.
std::optional<int> depth_of(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  int depth = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, depth);
  if (error != std::errc() || stop != end || depth < 0) return std::nullopt;
  return depth;
}

/// n where D = layers_per_unit n + others, n >= 1; absent otherwise.
std::optional<int> units(std::optional<int> depth, int layers_per_unit, int others, int deepest) {
  if (!depth || *depth <= others || *depth > deepest) return std::nullopt;
  if ((*depth - others) % layers_per_unit != 0) return std::nullopt;
  return (*depth - others) / layers_per_unit;
}

std::string numbered(const std::string& prefix, int i) { return prefix + std::to_string(i); }

constexpr int kStages = 3;

int residual_block(GraphBuilder& g, const std::string& prefix, int x, int channels, int stride,
                   bool shortcut) {
  int y = g.layer(prefix + "conv1", prefix + "bn1", x, channels, 3, stride);
  y = g.norm(prefix + "bn2", g.convolution(prefix + "conv2", y, channels, 3, 1));
  if (!shortcut) return g.relu(y);
  if (stride == 1) return g.relu(g.add(x, y));
  return g.relu(g.add(g.is_keras() ? g.convolution(prefix + "proj", x, channels, 1, stride)
                                   : g.subsample(x, channels, stride),
                      y));
}

}  // namespace

std::optional<Graph> resnet(const ModelSettings& model, int classes) {
  const bool plain = model.name.starts_with("plain");
  const auto blocks = units(depth_of(model.name, plain ? "plain" : "resnet"), 6, 2, 1202);
  if (!blocks) return std::nullopt;
  GraphBuilder g(model, classes);
  int x = g.layer("conv1", "bn1", 0, model.width, 3, 1);
  for (int stage = 0; stage < kStages; ++stage)
    for (int i = 0; i < *blocks; ++i)
      x = residual_block(g, numbered("layer", stage + 1) + "." + numbered("", i) + ".", x,
                         model.width << stage, stage > 0 && i == 0 ? 2 : 1, !plain);
  g.classify("linear", x);
  return g.take();
}

std::optional<Graph> vgg(const ModelSettings& model, int classes) {
  const std::optional<int> depth = depth_of(model.name, "vgg");
  if (!depth || (*depth != 11 && *depth != 13 && *depth != 16)) return std::nullopt;
  const int first = *depth == 11 ? 1 : 2, last = *depth == 16 ? 3 : 2;
  const std::array<int, 5> convolutions{first, first, last, last, last}, widths{1, 2, 4, 8, 8};
  GraphBuilder g(model, classes);
  int x = 0;
  for (std::size_t stage = 0; stage < widths.size(); ++stage) {
    for (int i = 0; i < convolutions[stage]; ++i) {
      const std::string prefix = numbered("stage", static_cast<int>(stage) + 1) + ".";
      x = g.layer(prefix + numbered("conv", i + 1), prefix + numbered("bn", i + 1), x,
                  model.width * widths[stage], 3, 1);
    }
    x = g.max_pool(x);
  }
  g.classify("linear", x);
  return g.take();
}

std::optional<Graph> mobilenet(const ModelSettings& model, int classes) {
  if (model.name != "mobilenet") return std::nullopt;
  constexpr std::array<int, 5> kWidths{2, 4, 4, 8, 8}, kStrides{1, 2, 1, 2, 1};
  GraphBuilder g(model, classes);
  int x = g.layer("conv1", "bn1", 0, model.width, 3, 1);
  for (std::size_t i = 0; i < kWidths.size(); ++i) {
    const std::string prefix = numbered("block", static_cast<int>(i) + 1) + ".";
    const int channels = g.node(x).channels;
    x = g.layer(prefix + "depthwise", prefix + "bn1", x, channels, 3, kStrides[i], channels);
    x = g.layer(prefix + "pointwise", prefix + "bn2", x, model.width * kWidths[i], 1, 1);
  }
  g.classify("linear", x);
  return g.take();
}

std::optional<Graph> densenet(const ModelSettings& model, int classes) {
  const auto layers = units(depth_of(model.name, "densenet"), 3, 4, 250);
  if (!layers) return std::nullopt;
  GraphBuilder g(model, classes);
  int x = g.convolution("conv1", 0, 2 * model.width, 3, 1);
  for (int block = 1; block <= kStages; ++block) {
    const std::string prefix = numbered("block", block) + ".";
    for (int i = 1; i <= *layers; ++i) {
      const int active = g.relu(g.norm(prefix + numbered("bn", i), x));
      x = g.concatenate(x, g.convolution(prefix + numbered("conv", i), active, model.width, 3, 1));
    }
    if (block == kStages) break;
    const int active = g.relu(g.norm(prefix + "transition.bn", x));
    const int channels = g.node(x).channels;
    x = g.average_pool(g.convolution(prefix + "transition.conv", active, channels, 1, 1));
  }
  g.classify("linear", g.relu(g.norm("bn", x)));
  return g.take();
}

}  // namespace ohmic
