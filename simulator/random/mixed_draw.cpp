#include "simulator/random/mixed_draw.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "simulator/error.hpp"
#include "simulator/random/mixture.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kAtOnce = 1024;  // elements whose steps are taken together, in a near cache

bool is_of_reads(Address a) { return a.stream == Stream::read || a.stream == Stream::output; }

// --- mixtures by key ---

struct Registry {
  std::shared_mutex mutex;
  std::map<std::uint64_t, std::unique_ptr<const Mixture>> mixtures;
  std::atomic<int> count = 0;  // so that nobody waits while there are none
};

Registry& registry() {
  static Registry all;
  return all;
}

std::uint64_t whole(NoiseKey key) { return key.k0 | std::uint64_t{key.k1} << 32; }

/// Of a mixture: no noise depends on it.
std::uint64_t next_number() {
  static std::atomic<std::uint64_t> next = std::uint64_t{1} << 62;
  return next++;
}

}  // namespace

Mixture::Mixture(std::uint64_t seed, const NoisePath& path)
    : first_(noise_key(seed, path.first)), reads_(noise_key(seed, path.reads)) {
  OHMIC_ASSERT(path.first < kPathDraws && path.reads < kPathDraws);
  for (const NoisePath::Step& step : path.steps) {
    OHMIC_ASSERT(step.draw < kPathDraws && step.kept >= 0 && step.kept <= 1);
    steps_.push_back(
        {noise_key(seed, step.draw), noise_key(seed, step.draw | kPathDraws), step.kept});
  }
}

template <class Element, class Take>
void Mixture::mix(Fill<Element> fill, Address address, std::uint64_t first, std::span<Element> out,
                  const Take& take) const {
  if (is_of_reads(address)) return fill(reads_, address, first, out);
  std::array<Element, kAtOnce> buffer;
  while (!out.empty()) {
    const std::span<Element> part = out.first(std::min(kAtOnce, out.size()));
    const std::span<Element> fresh = std::span(buffer).first(part.size());
    fill(first_, address, first, part);
    for (const Step& step : steps_) {
      fill(step.fresh, address, first, fresh);
      take(step, first, fresh, part);
    }
    out = out.subspan(part.size());
    first += part.size();
  }
}

/// Elements become the step's where it does not keep what there was.
template <class Element>
void Mixture::renew(Fill<Element> fill, Address address, std::uint64_t first,
                    std::span<Element> out) const {
  mix(fill, address, first, out,
      [&](const Step& step, std::uint64_t at, std::span<Element> fresh, std::span<Element> part) {
        std::array<float, kAtOnce> u;
        fill_uniforms(step.chooser, address, at, std::span(u).first(part.size()));
        for (std::size_t i = 0; i < part.size(); ++i)
          if (u[i] >= step.kept) part[i] = fresh[i];
      });
}

void Mixture::bits(Address address, std::uint64_t first, std::span<std::uint32_t> out) const {
  renew<std::uint32_t>(fill_bits, address, first, out);
}

void Mixture::uniforms(Address address, std::uint64_t first, std::span<float> out) const {
  renew<float>(fill_uniforms, address, first, out);
}

void Mixture::normals(Address address, std::uint64_t first, std::span<float> out) const {
  mix<float>(fill_normals, address, first, out,
             [](const Step& step, std::uint64_t, std::span<float> fresh, std::span<float> part) {
               const auto kept = static_cast<float>(step.kept),
                          anew = static_cast<float>(std::sqrt(1 - step.kept * step.kept));
               for (std::size_t i = 0; i < part.size(); ++i)
                 part[i] = kept * part[i] + anew * fresh[i];
             });
}

const Mixture* mixture_of(NoiseKey key) {
  Registry& all = registry();
  if (all.count.load(std::memory_order_acquire) == 0) return nullptr;
  const std::shared_lock lock(all.mutex);
  const auto found = all.mixtures.find(whole(key));
  return found == all.mixtures.end() ? nullptr : found->second.get();
}

MixedDraw::MixedDraw(std::uint64_t seed, const NoisePath& path)
    : number_(next_number()), key_(noise_key(seed, number_)) {
  Registry& all = registry();
  const std::unique_lock lock(all.mutex);
  all.mixtures[whole(key_)] = std::make_unique<const Mixture>(seed, path);
  ++all.count;
}

MixedDraw::~MixedDraw() {
  Registry& all = registry();
  const std::unique_lock lock(all.mutex);
  all.mixtures.erase(whole(key_));
  --all.count;
}

}  // namespace ohmic
