#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/commands.hpp"

namespace ohmic {

void add_bench_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Measure speed as ratios to LibTorch's forward");
  command->footer(
      "ResNet-20 on random images, or the network of a file: programming and inference on "
      "crossbars\n"
      "beside LibTorch's eager float forward, measured in turns in the same run.\n\n"
      "Examples:\n"
      "  ohmic bench\n"
      "  ohmic bench --images 200 --threads 1 --threads 2\n"
      "  ohmic bench --model keywords.onnx --images 500");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("--model", options->model, "File of a network, instead of ResNet-20");
  command->add_option("--images", options->images, "Samples of one forward pass")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Processor threads; repeat for more tables")
      ->check(CLI::PositiveNumber)
      ->allow_extra_args(false);
  command->add_option("--repetitions", options->repetitions, "Turns; the median is reported")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([options] { run_bench(*options, std::cout); });
}

}  // namespace ohmic
