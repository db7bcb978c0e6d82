// Budget cards, and what `ohmic budget --check` makes of them before it computes.
#include "experiments/budget/card.hpp"
#include "nn/io/file.hpp"
#include "simulator/error.hpp"
#include "tests/fuzz/target.hpp"

namespace ohmic::test {
namespace {

Experiment chip() {
  return expand(parse_toml("[device]\nmodel = \"awgn\"\neta = 0.1\n[periphery]\nadc.bits = 8\n",
                           "e.toml"))
      .front()
      .experiment;
}

std::string sound_card(const Experiment& e) {
  BudgetCard card;
  card.network = "net";
  card.weights_sha256 = card.test_sha256 = card.train_sha256 = std::string(64, '0');
  CardEntry eta;
  eta.knob = {"device.eta"};
  eta.tolerated = 0.1;
  eta.allowed = "accuracy of at least 90.00 %";
  eta.metric = "accuracy";
  eta.limit = 0.9;
  eta.settings = card_settings(e);
  CardEntry bits = eta, layers = eta;
  bits.knob = {"periphery.adc.bits"};
  bits.tolerated = 8;
  layers.layers = {{"conv1", 0.1}, {"linear", 0.2}};
  card.entries = {eta, bits, layers};
  write_card(scratch_folder() / "sound.json", card);
  return read_bytes(scratch_folder() / "sound.json");
}

OHMIC_FUZZ(Card) {
  const Experiment e = chip();
  return {.seeds = {sound_card(e)},
          .read =
              [e](const std::string& bytes) {
                for (const CardEntry& entry : read_card(scratch(bytes, "card.json")).entries)
                  card_settings(with_tolerance(e, entry, "card.json"));
              },
          .words = {"\"tolerances\":", "\"knob\":", "\"layers\":", "\"settings\":", "null", "1e308",
                    "\"mapping.replicas\"", "\"device.time_s\"", "[", "}"},
          .cost = 2};
}

}  // namespace
}  // namespace ohmic::test
