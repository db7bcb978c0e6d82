#include "simulator/backends/cpu/bit_tables.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

namespace ohmic::cpu {
namespace {

constexpr std::size_t kTableBytes = 28672;  // of tables in use at a time: in a first-level cache

/// Columns side by side: what a vector of AVX-512 holds, or half of it where 16 do.
template <class T>
std::size_t columns_per_table(std::size_t N) {
  return std::is_same_v<T, float> || (N - 1) % 32 < 16 ? 16 : 32;
}

template <class T>
std::size_t at_once(std::size_t N) {
  return kTableBytes / (kPatterns * columns_per_table<T>(N) * sizeof(T));
}

template <class T>
class TablesOf final : public BitTables {
 public:
  TablesOf(const BitMatrix& m, std::size_t N, std::shared_ptr<const BitWindows> windows)
      : N_(N),
        columns_(columns_per_table<T>(N)),
        pitch_((N_ + columns_ - 1) / columns_ * columns_),
        windows_(std::move(windows)),
        bias_(pitch_, T{0}) {
    clear(table_);
    if (m.when_negative != 0) clear(negative_);
    for (std::size_t n = 0; n < N_; ++n) {
      const double steps = kIsExact ? 1 : steps_per_code(m, n);
      codes_.push_back(static_cast<float>(1 / steps));
      double error = fill_column(m, n, steps, table_);
      if (m.when_negative != 0) error += fill_column(m, n, steps * m.when_negative, negative_);
      if (m.driven < m.rows) {
        bias_[n] = entry(m.cell(n, m.driven) * steps);
        error += 0.5;
      }
      if (!kIsExact) worst_error_ = std::max(worst_error_, error / steps);
    }
  }

  double worst_error() const override { return worst_error_; }

  void add_up(const BitImage& image, BitSpace& space) const override {
    const std::size_t bits = image.bits, bit_pitch = image.positions * pitch_;
    T* sums = buffer_of(space).at_least((bits > 4 ? 8 : 4) * bit_pitch);
    for (std::size_t column = 0; column < pitch_; column += columns_) {
      alignas(64) T start[kBitsPerWord * 32] = {};
      for (std::size_t b = 0; b < bits; ++b)
        if (image.bias >> b & 1u) std::copy_n(&bias_[column], columns_, start + b * columns_);
      const auto add_pass = [&](const std::uint64_t* words, const Buffer<T>& table,
                                std::size_t pass, const T* from) {
        add({words, windows_->places() + image.first, image.positions, windows_->in_pass(pass),
             table.get() + column * windows_->lookups() * kPatterns, from, sums + column, pitch_,
             bit_pitch},
            bits);
      };
      for (std::size_t pass = 0; pass < windows_->passes(); ++pass) {
        add_pass(image.words, table_, pass, pass == 0 ? start : nullptr);
        if (image.negative) add_pass(image.negative, negative_, pass, nullptr);
      }
    }
  }

  float* floats(const BitImage& image, BitSpace& space, std::size_t bit, std::size_t first,
                std::size_t count, Buffer<float>& buffer) const override {
    T* sums = buffer_of(space).get() + (bit * image.positions + first) * pitch_;
    if constexpr (kIsExact)
      if (pitch_ == N_) return sums;
    float* out = buffer.at_least(count * N_);
    scale_sums(sums, count, pitch_, N_, codes_.data(), out);
    return out;
  }

 private:
  static constexpr bool kIsExact = std::is_same_v<T, float>;

  static Buffer<T>& buffer_of(BitSpace& space) {
    if constexpr (kIsExact)
      return space.f32;
    else
      return space.i16;
  }

  /// Steps of T in one unit of column n, so that no sum of any of its rows exceeds T, roundings
  /// included. Columns with cells that are no numbers give none.
  double steps_per_code(const BitMatrix& m, std::size_t n) const {
    double above = 0, below = 0;
    for (int k = 0; k < m.rows; ++k) {
      if (!std::isfinite(m.cell(n, k))) return std::numeric_limits<double>::quiet_NaN();
      (m.cell(n, k) > 0 ? above : below) += std::abs(m.cell(n, k));
    }
    const double most = static_cast<double>(std::numeric_limits<T>::max()) -
                        static_cast<double>(2 * windows_->lookups() + 1);
    const double largest = m.when_negative != 0 ? above + below : std::max(above, below);
    return largest > 0 ? most / largest : 1;
  }

  static T entry(double v) {
    if constexpr (kIsExact) return static_cast<float>(v);
    return std::isfinite(v) ? static_cast<T>(std::lrint(v)) : T{0};
  }

  void clear(Buffer<T>& table) const {
    const std::size_t size = pitch_ * windows_->lookups() * kPatterns;
    T* values = table.at_least(size);
    if (pitch_ != N_) std::fill_n(values, size, T{0});  // columns beyond the last
  }

  /// Returns what a sum of its entries is off by at worst, in steps.
  double fill_column(const BitMatrix& m, std::size_t n, double steps, Buffer<T>& table) {
    double error = 0;
    T* to = table.get() + n / columns_ * columns_ * windows_->lookups() * kPatterns + n % columns_;
    for (std::size_t l = 0; l < windows_->lookups(); ++l) {
      double row[kRowsPerWord], all = 0;
      for (int i = 0; i < kRowsPerWord; ++i)
        all += row[i] = m.kernel_cell(n, windows_->kernel_row(l, i)) * steps;
      double sums[kPatterns] = {0 * all};  // 0 times what is no number is none either
      double worst = 0;
      for (unsigned pattern = 0; pattern < kPatterns; ++pattern, to += columns_) {
        if (pattern > 0)
          sums[pattern] = sums[pattern & (pattern - 1)] + row[std::countr_zero(pattern)];
        *to = entry(sums[pattern]);
        if constexpr (!kIsExact) worst = std::max(worst, std::abs(sums[pattern] - *to));
      }
      error += worst;
    }
    return error;
  }

  void add(const BitSums<T>& s, std::size_t bits) const {
    if constexpr (kIsExact)
      cpu::add_up(s, bits);
    else
      cpu::add_up(s, bits, columns_);
  }

  std::size_t N_, columns_, pitch_;
  std::shared_ptr<const BitWindows> windows_;
  Buffer<T> table_, negative_;  ///< [block of columns][lookup][pattern][column]
  std::vector<T> bias_;
  std::vector<float> codes_;  ///< per step of T
  double worst_error_ = 0;
};

}  // namespace

std::unique_ptr<BitTables> make_bit_tables(const BitMatrix& m, std::size_t N, bool are_short,
                                           std::shared_ptr<const BitWindows> windows) {
  if (are_short) return std::make_unique<TablesOf<std::int16_t>>(m, N, std::move(windows));
  return std::make_unique<TablesOf<float>>(m, N, std::move(windows));
}

std::size_t bit_tables_at_once(std::size_t N, bool are_short) {
  return are_short ? at_once<std::int16_t>(N) : at_once<float>(N);
}

}  // namespace ohmic::cpu
