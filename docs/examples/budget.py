"""How much noise a network tolerates for a loss of at most 2 % of its accuracy."""
import pathlib

import numpy
import ohmic

folder = pathlib.Path(__file__).parents[2] / "experiments/your_network"
waves = numpy.load(folder / "waves.npz")
x = (waves["test_x"] * numpy.float32(1 / 128) - 1).astype("f4")
print(ohmic.budget(ohmic.load(folder / "network.pt2"), x, waves["test_y"],
                   ohmic.Hardware(device=dict(model="awgn", eta=0.1)), max_drop=2, steps=16,
                   max_draws=20, progress=False))
