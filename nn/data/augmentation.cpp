// Normalisation, augmentation and order of the images.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "nn/data/dataset.hpp"
#include "nn/data/normalization.hpp"
#include "simulator/call_error.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

constexpr int kSide = ImageSet::kSide, kChannels = ImageSet::kChannels;
constexpr int kPlane = kSide * kSide, kRow = kSide * kChannels;

/// A normalised image, row, column, channel.
using NormalizedImage = std::array<float, ImageSet::kPixels>;

/// y = pixel * scale + shift for every pixel, in the order row, column, channel.
struct Normalizer {
  NormalizedImage scale, shift;

  explicit Normalizer(const Normalization& n) {
    for (int c = 0; c < kChannels; ++c)
      for (int p = 0; p < kPlane; ++p) {
        const float std = value(n.std, c, p, 1);
        const std::size_t at = static_cast<std::size_t>(p * kChannels + c);
        scale[at] = n.scale ? static_cast<float>(*n.scale / std) : 1 / (255 * std);
        shift[at] = -value(n.mean, c, p, 0) / std;
      }
  }

  static float value(const std::vector<float>& v, int channel, int pixel, float otherwise) {
    require_call(v.size() <= 1 || v.size() == kChannels || v.size() == ImageSet::kPixels,
                 "Normalization: needs one value, or one for every channel or pixel, or none");
    if (v.size() <= 1) return v.empty() ? otherwise : v.front();
    const int at = v.size() == kChannels ? channel : channel * kPlane + pixel;
    return v[static_cast<std::size_t>(at)];
  }

  void apply(const std::uint8_t* planar, float* out) const {
    for (int p = 0; p < kPlane; ++p)
      for (int c = 0; c < kChannels; ++c) {
        const std::size_t at = static_cast<std::size_t>(p * kChannels + c);
        out[at] = static_cast<float>(planar[c * kPlane + p]) * scale[at] + shift[at];
      }
  }
};

Move draw_move(const Augmentation& augmentation, NoiseKey key, std::int64_t epoch,
               std::int64_t image) {
  require_call(augmentation.shift >= 0 && augmentation.shift <= 1,
               "Augmentation: shift must lie in [0, 1]");
  std::array<float, 3> u;
  const Address address{Stream::augmentation, 0, 0, static_cast<std::uint64_t>(epoch)};
  fill_uniforms(key, address, static_cast<std::uint64_t>(image) * 4, u);
  const float reach = static_cast<float>(augmentation.shift * kSide);
  return {reach * (2 * u[0] - 1), reach * (2 * u[1] - 1), augmentation.flip && u[2] < 0.5f};
}

/// A shift as whole pixels and the weight of the pixel after.
struct Shift {
  int whole;
  float weight;
  explicit Shift(float shift)
      : whole(static_cast<int>(std::floor(shift))), weight(shift - std::floor(shift)) {}
};

/// out = a + weight (b - a), for a row.
void blend(const float* a, const float* b, float weight, float* out) {
  for (int i = 0; i < kRow; ++i) out[i] = a[i] + weight * (b[i] - a[i]);
}

/// A row with its edge pixels repeated on both sides.
class PaddedRow {
 public:
  float* middle() { return values_.data() + kPad * kChannels; }
  void repeat_edges(int pixels) {
    float *first = middle(), *last = middle() + kRow - kChannels;
    for (int i = 1; i <= pixels; ++i) {
      std::copy_n(first, kChannels, first - i * kChannels);
      std::copy_n(last, kChannels, last + i * kChannels);
    }
  }

 private:
  static constexpr int kPad = kSide + 1;
  std::array<float, kRow + 2 * kPad * kChannels> values_;
};

void mirror(float* row) {
  for (int left = 0, right = kSide - 1; left < right; ++left, --right)
    std::swap_ranges(row + left * kChannels, row + (left + 1) * kChannels, row + right * kChannels);
}

void apply_move(const Move& move, const NormalizedImage& in, float* out) {
  const Shift down(move.dy), across(move.dx);
  const auto source = [&](int y) { return in.data() + std::clamp(y, 0, kSide - 1) * kRow; };
  PaddedRow row;
  for (int y = 0; y < kSide; ++y, out += kRow) {
    blend(source(y + down.whole), source(y + down.whole + 1), down.weight, row.middle());
    row.repeat_edges(std::abs(across.whole) + 1);
    const float* from = row.middle() + across.whole * kChannels;
    blend(from, from + kChannels, across.weight, out);
    if (move.flip) mirror(out);
  }
}

/// A number below `limit`, every one equally likely (Lemire 2019, "Fast random integer generation
/// in an interval"): `bits` unless they must be refused, then further ones of the same element.
std::uint32_t below(std::uint32_t limit, std::uint32_t bits, NoiseKey key, Address address,
                    std::uint64_t element) {
  const std::uint32_t refused = -limit % limit;
  std::uint64_t product = std::uint64_t{bits} * limit;
  while (static_cast<std::uint32_t>(product) < refused) {
    ++address.role;
    product = std::uint64_t{bits_at(key, address, element)} * limit;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace

bool ImageSet::is_of_cifars_kind() const {
  return !pixels.empty() && shape == std::vector<std::int64_t>{kChannels, kSide, kSide};
}

std::int64_t ImageSet::values() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

void normalized_batch(const ImageSet& set, const Normalization& normalization, std::int64_t first,
                      std::int64_t count, float* nhwc) {
  if (!set.is_of_cifars_kind() || normalization.scale || normalization.mean.size() == 1 ||
      normalization.std.size() == 1)
    return normalize_samples(set, normalization, first, count, nhwc);
  const Normalizer normalizer(normalization);
#pragma omp parallel for schedule(static) if (count >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i)
    normalizer.apply(set.image(first + i).data(), nhwc + i * ImageSet::kPixels);
}

std::vector<Move> epoch_moves(const Augmentation& augmentation, std::int64_t images,
                              std::uint64_t seed, std::int64_t epoch) {
  const NoiseKey key = noise_key(seed, 0);
  std::vector<Move> moves(static_cast<std::size_t>(images));
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < images; ++i)
    moves[static_cast<std::size_t>(i)] = draw_move(augmentation, key, epoch, i);
  return moves;
}

void training_batch(const ImageSet& set, const Normalization& normalization,
                    std::span<const std::int64_t> indices, const Augmentation* augmentation,
                    std::uint64_t seed, std::int64_t epoch, float* nhwc) {
  const Normalizer normalizer(normalization);
  const NoiseKey key = noise_key(seed, 0);
  const std::int64_t count = static_cast<std::int64_t>(indices.size());
#pragma omp parallel for schedule(static) if (count >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t image = indices[static_cast<std::size_t>(i)];
    float* out = nhwc + i * ImageSet::kPixels;
    if (!augmentation) {
      normalizer.apply(set.image(image).data(), out);
      continue;
    }
    NormalizedImage normalized;
    normalizer.apply(set.image(image).data(), normalized.data());
    apply_move(draw_move(*augmentation, key, epoch, image), normalized, out);
  }
}

std::vector<std::int64_t> epoch_order(std::int64_t images, std::uint64_t seed, std::int64_t epoch) {
  require_call(images >= 0 && images < (std::int64_t{1} << 32),
               "epoch_order: images must lie in [0, 2^32)");
  std::vector<std::int64_t> order(static_cast<std::size_t>(images));
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::uint32_t> bits(order.size());
  const NoiseKey key = noise_key(seed, 0);
  const Address address{Stream::shuffle, 0, 0, static_cast<std::uint64_t>(epoch)};
  fill_bits(key, address, 0, bits);
  for (std::size_t i = order.size(); i-- > 1;)
    std::swap(order[i], order[below(static_cast<std::uint32_t>(i + 1), bits[i], key, address, i)]);
  return order;
}

}  // namespace ohmic
