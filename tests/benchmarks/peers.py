"""ResNet-20 in other simulators: processor seconds of one thread for the images of `ohmic bench`.

Usage: peers.py [IMAGES] [TURNS], with aihwkit and aihwkit-lightning installed (docs/peers.md).

The network is ResNet-20 in the Keras layout with random weights (biases, 1 x 1 shortcuts), the
images random, batches of 100, in turns; the first turn does not count. A turn of a chip programs it
and evaluates all images, as `ohmic bench` does.
"""

import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if inputs != outputs else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.norm1(self.first(x)))
        return torch.relu(self.norm2(self.second(y)) + self.shortcut(x))


def resnet20():
    widths = [16] + 3 * [16] + 3 * [32] + 3 * [64]
    blocks = [Block(a, b, 2 if a != b else 1) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)).eval()


def aihwkit_chips():
    """Name -> (network, program): what each turn programs before it evaluates."""
    from aihwkit.inference.noise.custom import StateIndependentNoiseModel
    from aihwkit.nn.conversion import convert_to_analog
    from aihwkit.simulator.configs import InferenceRPUConfig, TorchInferenceRPUConfig

    def config(kind, converters):
        rpu = kind()
        rpu.noise_model = StateIndependentNoiseModel(prog_noise_scale=1.0, read_noise_scale=0.0,
                                                     drift_scale=0.0)
        rpu.drift_compensation = None
        rpu.mapping.max_input_size = rpu.mapping.max_output_size = 256 if converters else 0
        rpu.forward.is_perfect = not converters
        if converters:
            rpu.forward.inp_res = rpu.forward.out_res = 1 / 254
            rpu.forward.out_noise = 0.01
            rpu.forward.w_noise = 0.0
        return rpu

    chips = {}
    for engine, kind in (("RPU engine", InferenceRPUConfig), ("Torch tile", TorchInferenceRPUConfig)):
        for name, converters in (("programming noise, perfect periphery", False),
                                 ("8-bit DAC and ADC, output noise, 256 x 256", True)):
            network = convert_to_analog(resnet20(), config(kind, converters)).eval()
            chips[f"aihwkit, {engine}: {name}"] = (network, network.program_analog_weights)
    return chips


def lightning_chips():
    from aihwkit_lightning.nn.conversion import convert_to_analog
    from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig

    chips = {}
    for name, converters in (("perfect periphery", False), ("8-bit DAC and ADC, output noise, 256 rows", True)):
        rpu = TorchInferenceRPUConfig()
        rpu.mapping.max_input_size = 256 if converters else -1
        if converters:
            rpu.forward.inp_res = rpu.forward.out_res = 2**8 - 2
            rpu.forward.out_bound, rpu.forward.out_noise = 10.0, 0.01
            rpu.pre_post.input_range.enable = True
        chips[f"aihwkit-lightning: {name}"] = (convert_to_analog(resnet20(), rpu).eval(), lambda: None)
    return chips


def main():
    images, turns = (int(word) for word in (sys.argv[1:] + ["1000", "6"][len(sys.argv) - 1:]))
    x = torch.randn(images, 3, 32, 32)
    runs = {"PyTorch, eager": (resnet20().to(memory_format=torch.channels_last), lambda: None)}
    for chips in (aihwkit_chips, lightning_chips):
        try:
            runs |= chips()
        except Exception as error:  # one of them is not installed, or not for this PyTorch
            print(f"{chips.__name__}: {error!r}")
    seconds = {name: [] for name in runs}
    with torch.no_grad():
        for turn in range(turns + 1):
            for name, (network, program) in runs.items():
                began = time.process_time()
                program()
                for batch in x.split(100):
                    network(batch)
                seconds[name].append(time.process_time() - began)
    for name, taken in seconds.items():
        print(f"{statistics.median(taken[1:]):8.3f} s  {min(taken[1:]):.3f} to {max(taken[1:]):.3f}  {name}")


main()
