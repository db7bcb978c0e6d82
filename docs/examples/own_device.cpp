// A device model of one's own: an error proportional to the conductance, in its own program.
#include <cstdio>

#include "experiments/ohmic.hpp"

namespace {

class Proportional final : public ohmic::DeviceModel {
 public:
  double a = 0.05;

  void program(const ohmic::DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    block.normals(ohmic::Stream::programming, 0, G_S);  // addressed: the same whatever the tile
    for (std::size_t i = 0; i < G_S.size(); ++i) G_S[i] = target_S[i] * (1 + a * G_S[i]);
  }

  static const ohmic::Schema<Proportional>& schema() {
    static const ohmic::Schema<Proportional> schema = [] {
      ohmic::Schema<Proportional> s{"own_error", "Error proportional to the conductance."};
      ohmic::declare_common(s);  // g_min_S, g_max_S, time_s
      s.add("a", &Proportional::a).unit("1").range(0, 1).doc("Std over the conductance.");
      return s;
    }();
    return schema;
  }
};

OHMIC_REGISTER_DEVICE("own_error", Proportional);  // a name that no model has yet

}  // namespace

int main() {
  const ohmic::Network matrix = ohmic::matrix_network({0.5f, -1.0f, 0.25f, 1.0f}, 2, 2);
  ohmic::Chip chip(matrix, {.device = ohmic::make_device("own_error", {{"a", 0.1}})});
  for (std::uint64_t draw = 0; draw < 3; ++draw) {
    chip.program(draw);
    const ohmic::Answers y = chip(ohmic::Samples({1.0f, 2.0f}, {1, 2}));
    std::printf("chip %d: y = %.4f %.4f\n", static_cast<int>(draw), y.numbers[0], y.numbers[1]);
  }
}
