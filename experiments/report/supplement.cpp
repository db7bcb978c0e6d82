#include "experiments/report/supplement.hpp"

namespace ohmic {
namespace {

std::vector<Supplement>& registered() {
  static std::vector<Supplement> all;
  return all;
}

}  // namespace

RegisterSupplement::RegisterSupplement(const Supplement& supplement) {
  registered().push_back(supplement);
}

const std::vector<Supplement>& supplements() { return registered(); }

}  // namespace ohmic
