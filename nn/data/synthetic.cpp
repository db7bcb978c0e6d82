#include "nn/data/synthetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

constexpr float kSpread = 0.4f;  ///< of a subject's colour about its palette's, per channel
using Colour = std::array<float, 3>;

/// Uniforms of one image, taken in order: what is drawn depends on the image alone.
class Dice {
 public:
  Dice(NoiseKey key, Address address) { fill_uniforms(key, address, 0, uniforms_); }
  float operator()(float lo, float hi) { return lo + (hi - lo) * uniforms_[next_++]; }

 private:
  std::array<float, 128> uniforms_;
  std::size_t next_ = 0;
};

/// Signed distances in units of the shape's radius: negative inside.
float box(float x, float y, float half_width, float half_height) {
  return std::max(std::abs(x) - half_width, std::abs(y) - half_height);
}

float disc(float x, float y, float radius) { return std::sqrt(x * x + y * y) - radius; }

/// The ten classes; (x, y) relative to the centre, in radii, turned.
float distance(int shape, float x, float y) {
  switch (shape) {
    case 0:
      return disc(x, y, 0.85f);
    case 1:
      return std::abs(disc(x, y, 0.7f)) - 0.2f;  // ring
    case 2:
      return box(x, y, 0.75f, 0.75f);
    case 3:
      return std::abs(box(x, y, 0.65f, 0.65f)) - 0.2f;  // frame
    case 4:
      return std::max(0.87f * std::abs(x) + 0.5f * y, -y) - 0.45f;  // triangle
    case 5:
      return std::min(box(x, y, 0.95f, 0.26f), box(x, y, 0.26f, 0.95f));  // cross
    case 6:
      return box(x, y, 0.95f, 0.35f);  // bar
    case 7:
      return std::min(box(x, y - 0.5f, 0.9f, 0.22f), box(x, y + 0.5f, 0.9f, 0.22f));  // two bars
    case 8:
      return std::max(disc(x, y, 0.9f), -disc(x - 0.45f, y, 0.7f));  // crescent
    default:
      return std::min(box(x + 0.55f, y, 0.25f, 0.9f), box(x, y - 0.65f, 0.8f, 0.25f));  // angle
  }
}

/// A direction, nearly uniform, from a rational parametrisation of the circle.
std::array<float, 2> direction(Dice& dice) {
  const float t = dice(-1, 1);
  const float x = (1 - t * t) / (1 + t * t), y = 2 * t / (1 + t * t);
  return dice(0, 1) < 0.5f ? std::array{x, y} : std::array{-x, -y};
}

struct DrawnShape {
  int kind;
  float x, y, radius;
  std::array<float, 2> turn;
  Colour colour;
  float opacity;

  /// Share of the pixel at (px, py) that the shape covers, with soft edges of one pixel.
  float cover(float px, float py) const {
    const float u = (px - x) / radius, v = (py - y) / radius;
    if (u * u + v * v > 2) return 0;
    const float d = distance(kind, turn[0] * u + turn[1] * v, turn[0] * v - turn[1] * u);
    return opacity * std::clamp(0.5f - d * radius, 0.0f, 1.0f);
  }
};

Colour colour(Dice& dice) { return {dice(0, 1), dice(0, 1), dice(0, 1)}; }

/// Neighbouring classes share a palette, so colour narrows a guess and shape must settle it.
Colour subject_colour(int kind, Dice& dice) {
  constexpr std::array<Colour, 5> kPalette = {{{0.95f, 0.25f, 0.2f},
                                               {0.25f, 0.85f, 0.3f},
                                               {0.25f, 0.4f, 0.95f},
                                               {0.95f, 0.85f, 0.2f},
                                               {0.85f, 0.85f, 0.9f}}};
  Colour c = kPalette[static_cast<std::size_t>(kind / 2)];
  for (float& value : c) value += dice(-kSpread, kSpread);
  return c;
}

/// A turn of at most 44 degrees, from a rational parametrisation of the circle.
std::array<float, 2> small_turn(Dice& dice) {
  const float t = dice(-0.4f, 0.4f);
  return {(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)};
}

DrawnShape subject(int kind, Dice& dice) {
  const float radius = dice(7, 14);
  const float reach = 15.5f - 0.8f * radius;
  return {kind,
          15.5f + dice(-reach, reach),
          15.5f + dice(-reach, reach),
          radius,
          small_turn(dice),
          subject_colour(kind, dice),
          dice(0.5f, 1)};
}

DrawnShape clutter(Dice& dice) {
  return {static_cast<int>(dice(0, 10)),
          dice(0, 31),
          dice(0, 31),
          dice(2, 5),
          direction(dice),
          colour(dice),
          dice(0.3f, 0.9f)};
}

/// Two colours that change along a direction as a triangle wave of some wavelength.
struct Background {
  Colour a, b;
  std::array<float, 2> along;
  float frequency, phase;

  Colour at(float x, float y) const {
    const float t = frequency * (along[0] * x + along[1] * y) + phase;
    const float wave = std::abs(2 * (t - std::floor(t)) - 1);
    Colour c;
    for (std::size_t i = 0; i < 3; ++i) c[i] = a[i] + (b[i] - a[i]) * wave;
    return c;
  }
};

Background background(Dice& dice) {
  const float grey = dice(0.1f, 0.6f);
  Colour a, b;
  for (float& value : a) value = grey + dice(-0.15f, 0.15f);
  for (float& value : b) value = grey + dice(-0.3f, 0.3f);
  return {a, b, direction(dice), dice(0.02f, 0.25f), dice(0, 1)};
}

struct Scene {
  Background background;
  std::array<DrawnShape, 4> shapes;  ///< painted in this order
  float noise;                       ///< std per pixel and channel
};

Scene scene(int label, Dice& dice) {
  const Background back = background(dice);
  const DrawnShape main = subject(label, dice);
  return {back, {clutter(dice), clutter(dice), main, clutter(dice)}, dice(0.02f, 0.08f)};
}

Colour paint(const Scene& scene, float x, float y) {
  Colour c = scene.background.at(x, y);
  for (const DrawnShape& shape : scene.shapes) {
    const float cover = shape.cover(x, y);
    for (std::size_t i = 0; i < 3; ++i) c[i] += (shape.colour[i] - c[i]) * cover;
  }
  return c;
}

std::uint8_t byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255 + 0.5f);
}

void make_image(NoiseKey key, Address address, int label, std::uint8_t* pixels) {
  Dice dice(key, address);
  const Scene s = scene(label, dice);
  std::array<float, ImageSet::kPixels> noise;
  address.role = 1;
  fill_normals(key, address, 0, noise);
  for (int y = 0; y < ImageSet::kSide; ++y)
    for (int x = 0; x < ImageSet::kSide; ++x) {
      const Colour c = paint(s, static_cast<float>(x), static_cast<float>(y));
      for (int i = 0; i < 3; ++i) {
        const int at = (i * ImageSet::kSide + y) * ImageSet::kSide + x;
        pixels[at] =
            byte(c[static_cast<std::size_t>(i)] + s.noise * noise[static_cast<std::size_t>(at)]);
      }
    }
}

}  // namespace

ImageSet synthetic_images(std::int64_t images, std::uint64_t seed, SyntheticPart part) {
  ImageSet set;
  set.labels.resize(static_cast<std::size_t>(images));
  set.pixels.resize(static_cast<std::size_t>(images * ImageSet::kPixels));
  const NoiseKey key = noise_key(seed, 0);
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < images; ++i) {
    const int label = static_cast<int>(i % 10);
    set.labels[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(label);
    const Address address{Stream::synthetic_data, static_cast<std::uint16_t>(part), 0,
                          static_cast<std::uint64_t>(i)};
    make_image(key, address, label, set.pixels.data() + i * ImageSet::kPixels);
  }
  return set;
}

}  // namespace ohmic
