// The whole interface: a trained network, samples, hardware; a chip of them, what it measures, and
// how much of an error it tolerates. docs/library.md walks through it.
#pragma once

#include "experiments/interface/chip.hpp"
#include "experiments/interface/find_budget.hpp"
#include "experiments/interface/hardware.hpp"
#include "experiments/interface/measure.hpp"
#include "experiments/interface/network.hpp"
#include "experiments/interface/samples.hpp"
