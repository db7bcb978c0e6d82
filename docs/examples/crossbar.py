"""One crossbar: a matrix on noisy devices, multiplied by a vector."""
import numpy
import ohmic

matrix = ohmic.matrix(numpy.array([[0.5, -1.0], [0.25, 1.0]]))
crossbar = ohmic.Chip(matrix, ohmic.Hardware(device=dict(model="awgn", eta=0.05)), seed=1)
print(crossbar(numpy.array([[1.0, 2.0]])), "exact [[-1.5  2.25]]")
