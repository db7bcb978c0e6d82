// telegraph - random telegraph noise of two levels
//
// Theory. A trap near the filament is filled a fraction $p$ of the time and then lowers the
// conductance by a fraction $a$. When the trap is fast, every read finds it anew (redraw = "read");
// when it is slow it stays as it was for a whole draw (redraw = "programming").
//
// Equation.
//
// ```math
// G_\mathrm{read} = G_T (1 - a b), \qquad b = 1 \text{ with probability } p, \text{ else } 0
// ```
//
// with mean $G_T (1 - a p)$ and std $G_T a \sqrt{p (1 - p)}$.
//
// Source. Definition of a two-level random telegraph signal.
//
// Limits. redraw = "read": $G$ holds the mean and each read has the std above; the sum over many
// devices of a column is Gaussian to good accuracy, a single device is not.

#include <cmath>

#include "devices/fitted.hpp"

namespace ohmic {
namespace {

class Telegraph final : public DeviceModel {
 public:
  enum class Redraw { read, programming };

  double amplitude = 0.0;
  double occupancy = 0.5;
  Redraw redraw = Redraw::read;

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    if (redraw == Redraw::read) {
      for (std::size_t i = 0; i < G_S.size(); ++i)
        G_S[i] = target_S[i] * (1.0 - amplitude * occupancy);
      return;
    }
    std::vector<float> u(G_S.size());
    block.uniforms(Stream::telegraph, 0, u);
    for (std::size_t i = 0; i < G_S.size(); ++i)
      G_S[i] = target_S[i] * (double{u[i]} < occupancy ? 1.0 - amplitude : 1.0);
  }

  bool reads_noisily() const override {
    return redraw == Redraw::read && amplitude > 0 && occupancy > 0 && occupancy < 1;
  }

  void read_sigma(const DeviceBlock&, double, std::span<const double> target_S,
                  std::span<const double>, std::span<double> sigma_S) const override {
    const double relative = redraw == Redraw::read ? amplitude : 0.0;
    const double std = relative * std::sqrt(occupancy * (1.0 - occupancy));
    for (std::size_t i = 0; i < sigma_S.size(); ++i) sigma_S[i] = std::abs(target_S[i]) * std;
  }

  static const Schema<Telegraph>& schema() {
    static const Schema<Telegraph> schema = [] {
      Schema<Telegraph> s{"telegraph", "Random telegraph noise of two levels."};
      declare_common(s);
      s.add("amplitude", &Telegraph::amplitude)
          .unit("1")
          .range(0, 1)
          .doc("Loss of conductance of the low level, as a fraction.");
      s.add("occupancy", &Telegraph::occupancy)
          .unit("1")
          .range(0, 1)
          .doc("Probability of the low level.");
      s.add_choice("redraw", &Telegraph::redraw,
                   {{"read", Redraw::read}, {"programming", Redraw::programming}})
          .doc("Fast traps change at each read; slow ones stay as they are for a draw.");
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("telegraph", Telegraph);

}  // namespace
}  // namespace ohmic
