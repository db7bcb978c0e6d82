#include "simulator/backends/cpu/bit_products.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>

namespace ohmic::cpu {
namespace {

constexpr std::size_t kTableBytes = 28672;     // of tables in use at a time: in a first-level cache
constexpr std::size_t kBlock = 4096;           // sums of one bit that are added up at a time
constexpr std::size_t kConvertedBlock = 1024;  // of them converted at a time, bit after bit
constexpr int kMostShortRows = 512;            // that sums of 16 bits are exact enough for

int taps(const ConvGeometry& g) { return g.kernel_height * g.kernel_width; }
int words(int channels) { return (channels + kRowsPerWord - 1) / kRowsPerWord; }

/// The words of every position's window that a row tile's rows are in.
class Windows {
 public:
  /// Rows [first_row, end_row) of the kernel. Each lookup's table has `step` values; at most
  /// `at_once` of them are used in one pass.
  Windows(const ConvGeometry& g, int first_row, int end_row, std::size_t step, std::size_t at_once)
      : g_(g), step_(step), first_word_(first_row / taps(g) / kRowsPerWord) {
    if (end_row > first_row) width_ = words((end_row - 1) / taps(g) + 1) - first_word_;
    const std::size_t passes = std::max<std::size_t>(1, (lookups() + at_once - 1) / at_once);
    std::map<std::pair<Range, Range>, std::uint32_t> known;
    for (int y = 0; y < g.out_height(); ++y)
      for (int x = 0; x < g.out_width(); ++x) {
        const int top = y * g.stride - g.pad_top, left = x * g.stride - g.pad_left;
        const Range rows = inside(top, g.kernel_height, g.in_height);
        const Range columns = inside(left, g.kernel_width, g.in_width);
        const auto [window, is_new] =
            known.emplace(std::pair{rows, columns}, static_cast<std::uint32_t>(known.size()));
        places_.push_back({(top * g.in_width + left) * words(g.in_channels), window->second});
        if (is_new) lists_.push_back(list(rows, columns, passes));
      }
    for (std::size_t pass = 0; pass < passes; ++pass) {
      passes_.emplace_back();
      for (const List& l : lists_)
        passes_[pass].push_back({l.all.data() + l.ends[pass], l.all.data() + l.ends[pass + 1]});
    }
  }
  Windows(const Windows&) = delete;  // points into itself

  std::size_t lookups() const { return static_cast<std::size_t>(taps(g_) * width_); }
  std::size_t passes() const { return passes_.size(); }
  const Runs* in_pass(std::size_t pass) const { return passes_[pass].data(); }
  const Place* places() const { return places_.data(); }

  /// The kernel's row that bit `i` of a lookup's patterns drives; it may lie beyond the last.
  int kernel_row(std::size_t lookup, int i) const {
    const int tap = static_cast<int>(lookup) / width_, word = static_cast<int>(lookup) % width_;
    return ((first_word_ + word) * kRowsPerWord + i) * taps(g_) + tap;
  }

 private:
  using Range = std::pair<int, int>;
  struct List {
    std::vector<Run> all;
    std::vector<std::size_t> ends{0};
  };

  /// Which taps of a kernel that begins at `first` lie inside.
  static Range inside(int first, int kernel, int size) {
    const int begin = std::clamp(-first, 0, kernel);
    return {begin, std::clamp(size - first, begin, kernel)};
  }

  /// As part of the last run of its pass where it follows it.
  void add(const Run& run, List& list) const {
    if (list.all.size() > list.ends.back()) {
      Run& last = list.all.back();
      if (run.word == last.word + last.words &&
          run.table == last.table + last.words * static_cast<std::int32_t>(step_)) {
        ++last.words;
        return;
      }
    }
    list.all.push_back(run);
  }

  List list(Range rows, Range columns, std::size_t passes) const {
    List list;
    for (std::size_t pass = 1; pass <= passes; ++pass) {
      for (std::size_t l = (pass - 1) * lookups() / passes; l < pass * lookups() / passes; ++l) {
        const int tap = static_cast<int>(l) / width_, word = static_cast<int>(l) % width_;
        const int ky = tap / g_.kernel_width, kx = tap % g_.kernel_width;
        if (ky < rows.first || ky >= rows.second || kx < columns.first || kx >= columns.second)
          continue;
        const int pixel = ky * g_.in_width + kx;
        add({pixel * words(g_.in_channels) + first_word_ + word,
             static_cast<std::int32_t>(l * step_), 1},
            list);
      }
      list.ends.push_back(list.all.size());
    }
    return list;
  }

  ConvGeometry g_;
  std::size_t step_;
  int first_word_, width_ = 0;
  std::vector<Place> places_;  ///< [position]
  std::vector<List> lists_;    ///< [window]
  std::vector<std::vector<Runs>> passes_;
};

/// What each row of a tile adds to its columns where it is driven.
struct Matrix {
  double when_negative;  ///< factor on it where the drive is negative; 0: it never is
  int first_row, rows;
  int driven;                 ///< of them by inputs; one more is the bias row
  std::vector<double> cells;  ///< element (k, n) at n*rows + k

  double cell(std::size_t n, int k) const {
    return cells[n * static_cast<std::size_t>(rows) + static_cast<std::size_t>(k)];
  }
  /// 0 for rows of other tiles.
  double kernel_cell(std::size_t n, int kernel_row) const {
    const int k = kernel_row - first_row;
    return k < 0 || k >= driven ? 0 : cell(n, k);
  }
};

/// Positions of an image whose sums are wanted, its words, and which bits drive the bias row.
struct Wanted {
  const std::uint64_t* image;
  const std::uint64_t* negative;  ///< of negative codes; null where there are none
  std::size_t first, positions;
  std::vector<bool> bias;  ///< [bit]
};

/// One matrix as tables.
class Tables {
 public:
  virtual ~Tables() = default;
  virtual void add_up(const Wanted&, BitSpace&) const = 0;
  /// Of what was added up there, one bit's sums of positions [first, first + count), counted from
  /// the first one wanted: count x N, in `buffer` if need be.
  virtual float* floats(const Wanted&, BitSpace&, std::size_t bit, std::size_t first,
                        std::size_t count, Buffer<float>& buffer) const = 0;
};

template <class T>
class TablesOf final : public Tables {
 public:
  TablesOf(const ConvGeometry& g, const Matrix& m)
      : N_(static_cast<std::size_t>(g.columns())),
        columns_(kIsExact || (N_ - 1) % 32 < 16 ? 16 : 32),
        pitch_((N_ + columns_ - 1) / columns_ * columns_),
        windows_(g, m.first_row, m.first_row + m.driven, kPatterns * columns_,
                 kTableBytes / (kPatterns * columns_ * sizeof(T))),
        bias_(pitch_, T{0}) {
    table_.at_least(pitch_ * windows_.lookups() * kPatterns);
    if (m.when_negative != 0) negative_.at_least(pitch_ * windows_.lookups() * kPatterns);
    for (std::size_t n = 0; n < N_; ++n) {
      const double steps = kIsExact ? 1 : steps_per_code(m, n);
      codes_.push_back(static_cast<float>(1 / steps));
      fill_column(m, n, steps, table_);
      if (m.when_negative != 0) fill_column(m, n, steps * m.when_negative, negative_);
      if (m.driven < m.rows) bias_[n] = entry(m.cell(n, m.driven) * steps);
    }
  }

  void add_up(const Wanted& wanted, BitSpace& space) const override {
    const std::size_t bits = wanted.bias.size(), bit_pitch = wanted.positions * pitch_;
    T* sums = buffer_of(space).at_least((bits > 4 ? 8 : 4) * bit_pitch);
    for (std::size_t column = 0; column < pitch_; column += columns_) {
      alignas(64) T start[kBitsPerWord * 32] = {};
      for (std::size_t b = 0; b < bits; ++b)
        if (wanted.bias[b]) std::copy_n(&bias_[column], columns_, start + b * columns_);
      const auto add_pass = [&](const std::uint64_t* image, const Buffer<T>& table,
                                std::size_t pass, const T* from) {
        add({image, windows_.places() + wanted.first, wanted.positions, windows_.in_pass(pass),
             table.get() + column * windows_.lookups() * kPatterns, from, sums + column, pitch_,
             bit_pitch},
            bits);
      };
      for (std::size_t pass = 0; pass < windows_.passes(); ++pass) {
        add_pass(wanted.image, table_, pass, pass == 0 ? start : nullptr);
        if (wanted.negative) add_pass(wanted.negative, negative_, pass, nullptr);
      }
    }
  }

  float* floats(const Wanted& wanted, BitSpace& space, std::size_t bit, std::size_t first,
                std::size_t count, Buffer<float>& buffer) const override {
    T* sums = buffer_of(space).get() + (bit * wanted.positions + first) * pitch_;
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
  double steps_per_code(const Matrix& m, std::size_t n) const {
    double above = 0, below = 0;
    for (int k = 0; k < m.rows; ++k) {
      if (!std::isfinite(m.cell(n, k))) return std::numeric_limits<double>::quiet_NaN();
      (m.cell(n, k) > 0 ? above : below) += std::abs(m.cell(n, k));
    }
    const double most = static_cast<double>(std::numeric_limits<T>::max()) -
                        static_cast<double>(2 * windows_.lookups() + 1);
    const double largest = m.when_negative != 0 ? above + below : std::max(above, below);
    return largest > 0 ? most / largest : 1;
  }

  static T entry(double v) {
    if constexpr (kIsExact) return static_cast<float>(v);
    return std::isfinite(v) ? static_cast<T>(std::lrint(v)) : T{0};
  }

  void fill_column(const Matrix& m, std::size_t n, double steps, Buffer<T>& table) {
    T* to = table.get() + n / columns_ * columns_ * windows_.lookups() * kPatterns + n % columns_;
    for (std::size_t l = 0; l < windows_.lookups(); ++l) {
      double row[kRowsPerWord], all = 0;
      for (int i = 0; i < kRowsPerWord; ++i)
        all += row[i] = m.kernel_cell(n, windows_.kernel_row(l, i)) * steps;
      double sums[kPatterns] = {0 * all};  // 0 times what is no number is none either
      for (unsigned pattern = 0; pattern < kPatterns; ++pattern, to += columns_) {
        if (pattern > 0)
          sums[pattern] = sums[pattern & (pattern - 1)] + row[std::countr_zero(pattern)];
        *to = entry(sums[pattern]);
      }
    }
  }

  void add(const BitSums<T>& s, std::size_t bits) const {
    if constexpr (kIsExact)
      cpu::add_up(s, bits);
    else
      cpu::add_up(s, bits, columns_);
  }

  std::size_t N_, columns_, pitch_;
  Windows windows_;
  Buffer<T> table_, negative_;  ///< [block of columns][lookup][pattern][column]
  std::vector<T> bias_;
  std::vector<float> codes_;  ///< per step of T
};

/// Phases whose bits are in one set of words.
struct Batch {
  CodeBits bits;  ///< sign 0: of codes of either sign
  std::size_t first_phase;
  std::vector<bool> bias;
};

std::vector<Batch> batches_of(const InputPlan& input) {
  std::vector<Batch> batches;
  for (std::size_t f = 0; f < input.phases.size(); ++f) {
    const Phase& phase = input.phases[f];
    if (batches.empty() || batches.back().bits.sign != phase.sign ||
        batches.back().bias.size() == kBitsPerWord)
      batches.push_back({{phase.sign, phase.shift}, f, {}});
    batches.back().bias.push_back(phase.bias != 0);
  }
  return batches;
}

struct Product {
  std::unique_ptr<Tables> sums, variances;
};

bool has_negative_drive(const InputPlan& input) {
  return input.phases.front().sign == 0 && input.lowest < 0;
}

Product product_of(const LayerOnTiles& layer, const InputPlan& input, const TileProduct& t) {
  const ConvGeometry& g = layer.geometry;
  Matrix m{has_negative_drive(input) ? -1.0 : 0.0, t.first_row, t.rows,
           std::clamp(g.kernel_rows() - t.first_row, 0, t.rows), t.G};
  // A driven cell that is not ohmic adds G x + a x |x| + b x^3 with x = 1.
  for (std::size_t i = 0; i < t.a.size(); ++i) m.cells[i] += t.a[i] + t.b[i];
  const bool are_short = layer.periphery.products == Products::bf16 && t.rows <= kMostShortRows;
  const auto tables = [&](const Matrix& matrix) -> std::unique_ptr<Tables> {
    if (are_short) return std::make_unique<TablesOf<std::int16_t>>(g, matrix);
    return std::make_unique<TablesOf<float>>(g, matrix);
  };
  Product product{tables(m), nullptr};
  if (t.variance.empty()) return product;
  m.when_negative = -m.when_negative;
  m.cells = t.variance;
  product.variances = tables(m);
  return product;
}

/// Which positions of an image see a pixel with a code that is no number; empty when none does.
std::vector<bool> broken_positions(const ConvGeometry& g, const float* codes) {
  const auto C = static_cast<std::size_t>(g.in_channels);
  const std::size_t size = static_cast<std::size_t>(g.in_height * g.in_width) * C;
  std::vector<bool> broken;
  if (!has_nan(codes, size)) return broken;
  broken.resize(static_cast<std::size_t>(g.out_height() * g.out_width()));
  for (std::size_t i = 0; i < size; ++i) {
    if (!std::isnan(codes[i])) continue;
    const int row = static_cast<int>(i / C) / g.in_width,
              column = static_cast<int>(i / C) % g.in_width;
    for (int y = 0; y < g.out_height(); ++y)
      for (int x = 0; x < g.out_width(); ++x) {
        const int ky = row - y * g.stride + g.pad_top, kx = column - x * g.stride + g.pad_left;
        if (ky >= 0 && ky < g.kernel_height && kx >= 0 && kx < g.kernel_width)
          broken[static_cast<std::size_t>(y * g.out_width() + x)] = true;
      }
  }
  return broken;
}

}  // namespace

struct BitProducts::Impl {
  ConvGeometry geometry;
  std::vector<Batch> batches;
  std::vector<Product> products;
  bool has_negative_drive = false;

  std::size_t columns() const { return static_cast<std::size_t>(geometry.columns()); }

  void hand_over(const Batch& batch, const Wanted& wanted, std::size_t p,
                 const std::vector<bool>& broken, Workspace& w, const Take& take) const {
    const Product& product = products[p];
    product.sums->add_up(wanted, w.bit_sums);
    if (product.variances) product.variances->add_up(wanted, w.bit_variances);
    const std::size_t step = std::max(kConvertedBlock / columns(), std::size_t{1});
    for (std::size_t first = 0; first < wanted.positions; first += step) {
      const std::size_t count = std::min(step, wanted.positions - first);
      for (std::size_t b = 0; b < batch.bias.size(); ++b) {
        float* sums = product.sums->floats(wanted, w.bit_sums, b, first, count, w.sums);
        for (std::size_t i = 0; i < count && !broken.empty(); ++i)
          if (broken[wanted.first + first + i])
            std::fill_n(sums + i * columns(), columns(), std::numeric_limits<float>::quiet_NaN());
        take({p, batch.first_phase + b, wanted.first + first, count, sums,
              product.variances
                  ? product.variances->floats(wanted, w.bit_variances, b, first, count, w.variances)
                  : nullptr});
      }
    }
  }
};

bool BitProducts::compute(const LayerOnTiles& layer, const LayerPlan& plan) {
  return plan.input.slice_mask == 1 && layer.geometry.groups == 1;
}

BitProducts::BitProducts(const LayerOnTiles& layer, const LayerPlan& plan)
    : impl_(std::make_unique<Impl>()) {
  impl_->geometry = layer.geometry;
  impl_->batches = batches_of(plan.input);
  impl_->has_negative_drive = has_negative_drive(plan.input);
  for (const TileProduct& t : plan.products)
    impl_->products.push_back(product_of(layer, plan.input, t));
}

BitProducts::~BitProducts() = default;
BitProducts::BitProducts(BitProducts&&) noexcept = default;
BitProducts& BitProducts::operator=(BitProducts&&) noexcept = default;

void BitProducts::multiply(const float* codes, Workspace& w, const Take& take) const {
  const ConvGeometry& g = impl_->geometry;
  const auto pixels = static_cast<std::size_t>(g.in_height * g.in_width);
  const auto positions = static_cast<std::size_t>(g.out_height() * g.out_width());
  const std::size_t step = std::min(positions, std::max(kBlock / impl_->columns(), std::size_t{1}));
  const std::size_t size = pixels * static_cast<std::size_t>(words(g.in_channels));
  std::uint64_t* image = w.words.at_least(2 * size);
  std::uint64_t* negative = impl_->has_negative_drive ? image + size : nullptr;
  const std::vector<bool> broken = broken_positions(g, codes);
  for (const Batch& batch : impl_->batches) {
    const auto [sign, shift] = batch.bits;
    pack_bits(codes, pixels, g.in_channels, {sign < 0 ? -1 : 1, shift}, image);
    if (negative) pack_bits(codes, pixels, g.in_channels, {-1, shift}, negative);
    for (std::size_t first = 0; first < positions; first += step) {
      const Wanted wanted{image, negative, first, std::min(step, positions - first), batch.bias};
      for (std::size_t p = 0; p < impl_->products.size(); ++p)
        impl_->hand_over(batch, wanted, p, broken, w, take);
    }
  }
}

}  // namespace ohmic::cpu
