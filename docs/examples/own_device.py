"""A device model of one's own: an error proportional to the conductance."""
import numpy
import ohmic


@ohmic.device("proportional", 0.1)
def proportional(target_S, normals, a):
    return target_S * (1 + a * normals)


chip = ohmic.Chip(ohmic.matrix([[0.5, -1.0], [0.25, 1.0]]), ohmic.Hardware(device=proportional))
for draw in range(3):
    print(f"chip {draw}:", chip.program(draw)(numpy.array([[1.0, 2.0]])))
