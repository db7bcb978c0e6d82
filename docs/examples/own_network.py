"""A network of a file on hardware with converters: the accuracy over 5 chips."""
import pathlib

import numpy
import ohmic

folder = pathlib.Path(__file__).parents[2] / "experiments/your_network"
waves = numpy.load(folder / "waves.npz")
x, train = ((waves[name] * numpy.float32(1 / 128) - 1).astype("f4") for name in ("test_x", "train_x"))
hardware = ohmic.Hardware(device=dict(model="awgn", eta=0.2), tile=(128, 128), dac={}, adc={})
result = ohmic.measure(ohmic.load(folder / "network.pt2"), x, waves["test_y"], hardware, draws=5,
                       calibration=train, progress=False)
print(result)
