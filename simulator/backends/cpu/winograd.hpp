// The loops below winograd_products.hpp: S. Winograd's minimal filtering along one axis, F(4, 3)
// with the points 0, 1, -1, 2, -2 and infinity (A. Lavin and S. Gray, CVPR 2016, section 4.3), on
// 16-bit integers whose products are summed up in 32 bits.
//
// Four neighbouring outputs of three taps need twelve multiplications, or, of six sums of their six
// inputs (points) with six sums of the taps, six.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ohmic::cpu::winograd {

constexpr std::size_t kOutputs = 4, kTaps = 3, kPoints = 6;
constexpr std::size_t kColumns = 16;   ///< computed at a time
constexpr std::size_t kChannels = 16;  ///< that a pixel's channels are filled up to a multiple of
constexpr std::size_t kPair = 2;       ///< channels of one multiplication

/// Points from taps.
constexpr double kFromTaps[kPoints][kTaps] = {
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1},
};
/// Outputs from points.
constexpr double kToOutputs[kOutputs][kPoints] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
/// Points from the six inputs of a group.
constexpr double kFromInputs[kPoints][kPoints] = {
    {4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
    {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
};
/// The most a point of the inputs can reach, over the largest magnitude of an input.
constexpr double kMostOfInputs[kPoints] = {10, 10, 10, 6, 6, 10};

/// Whether this processor multiplies pairs of 16-bit integers, twice as many as floats: AVX-512
/// VNNI.
bool is_fast();
/// Whether it multiplies them as fast as bf16 numbers, too: it has no AMX.
bool is_as_fast_as_bf16();

/// An image as rows of pixels and of points. A row of points is `groups` x kPoints x `channels`.
struct Image {
  std::size_t rows, width, given_channels;  ///< of the inputs, rows x width x given_channels
  std::size_t groups;                       ///< of kOutputs outputs of a row each
  std::size_t channels;                     ///< given_channels, filled up
  std::size_t pad_left;

  std::size_t line() const { return (groups * kOutputs + kTaps - 1) * channels; }
  std::size_t row_points() const { return groups * kPoints * channels; }
};
/// codes: integers of at most 3276 in magnitude; `line` is work space of Image::line(). Returns
/// whether a code is no number, which gives points that mean nothing.
bool find_points(const Image&, const float* codes, std::int16_t* line, std::int16_t* points);

/// kColumns columns of a matrix.
struct Columns {
  const std::int16_t* points;     ///< kTaps (rows) x pairs x kPoints x kColumns x kPair
  std::size_t first_pair, pairs;  ///< of channels
  const float* steps;             ///< kPoints x kColumns: what 1 stands for
  const float* start;             ///< kColumns: where sums begin
};
/// Rows [first, end) of the outputs.
struct OutputRows {
  std::size_t first, end, pad_top;
};
/// sums[position * pitch + column], positions counted from the first of these rows on; a row has
/// `groups` groups.
void add_up(const Image&, const std::int16_t* points, const Columns&, OutputRows, std::size_t pitch,
            float* sums);

}  // namespace ohmic::cpu::winograd
