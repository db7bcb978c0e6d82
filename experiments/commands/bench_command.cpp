#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "experiments/commands/bench.hpp"
#include "experiments/commands/commands.hpp"

namespace ohmic {

void add_bench_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("bench", "Measure speed as ratios to LibTorch's digital float runs");
  command->footer(
      "ResNet-20 on random images, or the network of a file: programming and inference on "
      "crossbars\n"
      "beside three bases of the same run and the same threads, in turns:\n"
      "  eager    LibTorch's float forward, operator by operator\n"
      "  fastest  what takes LibTorch least: eager, or the network traced and frozen\n"
      "           (torch.jit.freeze), or optimized for inference too; frozen ones whose answers\n"
      "           are not the eager run's have no numbers, and the row says why\n"
      "  peak     multiply-adds per second of a large float product; \"of peak\" is the share of "
      "it\n"
      "           that the multiply-adds of the network's layers make\n\n"
      "Then training of ResNet-20, beside LibTorch's operations one by one in its own layout, and\n"
      "both beside a busy thread.\n\n"
      "Seconds are medians over turns, of one thread its processor time; \"± %\" is half of the\n"
      "interval that holds the median with 95 %, of it. Turns go on until that is at most 3 % for\n"
      "all that a ratio is made of, at most 5 times --repetitions; a line says where it is not.\n"
      "Targets are those of the columns before them, largest ratios that are accepted.\n\n"
      "Examples:\n"
      "  ohmic bench\n"
      "  ohmic bench --images 200 --threads 1 --threads 2\n"
      "  ohmic bench --model keywords.onnx --images 500\n"
      "  ohmic bench --csv > bench.csv");
  auto options = std::make_shared<BenchOptions>();
  command->add_option("--model", options->model, "File of a network, instead of ResNet-20");
  command->add_option("--images", options->images, "Samples of one forward pass")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Processor threads; repeat for more tables")
      ->check(CLI::PositiveNumber)
      ->allow_extra_args(false);
  command
      ->add_option("--repetitions", options->repetitions,
                   "Turns at least, behind a first one that does not count")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI::Option* json = command->add_flag("--json", options->as_json,
                                        "An object per row and line; the rest on stderr");
  command->add_flag("--csv", options->as_csv, "As CSV; the rest on stderr")->excludes(json);
  command->callback([options] {
    const bool to_a_file = options->as_json || options->as_csv;
    run_bench(*options, std::cout, to_a_file ? std::cerr : std::cout);
  });
}

}  // namespace ohmic
