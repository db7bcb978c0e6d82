"""Makes the network and the data of experiments/your_network.toml: four shapes of waves, told apart
by two convolutions and a dense layer. Needs PyTorch 2.8 or later and NumPy, and 20 seconds:

    python3 experiments/your_network/make.py
"""

import pathlib

import numpy as np
import torch
from torch import nn

folder = pathlib.Path(__file__).parent
rng = np.random.default_rng(1)


def waves(count):
    """Bytes, count x 1 x 48, and what each shows: 0 sine, 1 square, 2 triangle, 3 saw."""
    labels = np.arange(count) % 4
    periods, starts = rng.uniform(1.5, 4, (count, 1)), rng.uniform(0, 1, (count, 1))
    phase = (starts + periods * np.arange(48) / 48) % 1
    shapes = [np.sin(2 * np.pi * phase), np.sign(0.5 - phase), 4 * np.abs(phase - 0.5) - 1, 2 * phase - 1]
    x = np.choose(labels[:, None], shapes) + rng.normal(0, 0.3, phase.shape)
    return np.clip(128 + 64 * x, 0, 255).astype(np.uint8)[:, None], labels


def prepared(x):
    return torch.from_numpy(x).float() / 128 - 1  # as normalize of the experiment file does it


network = nn.Sequential(
    nn.Conv1d(1, 12, 7, padding=3, bias=False), nn.BatchNorm1d(12), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(12, 16, 5, padding=2, bias=False), nn.BatchNorm1d(16), nn.ReLU(),
    nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 4))

torch.manual_seed(1)
for module in network.modules():
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()
x, y = waves(4000)
inputs, targets = prepared(x), torch.from_numpy(y)
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
for epoch in range(12):
    for batch in torch.randperm(len(inputs)).split(100):
        loss = nn.functional.cross_entropy(network(inputs[batch]), targets[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
network.eval()

# The file: samples are on the first axis, and there may be any number of them.
example = (inputs[:2].clone(),)
program = torch.export.export(network, example, dynamic_shapes=({0: torch.export.Dim("n")},))
for node in program.graph.nodes:
    node.meta.pop("stack_trace", None)  # paths of this machine
torch.export.save(program, folder / "network.pt2")

x, y = waves(400)
train_x, train_y = waves(100)
np.savez_compressed(folder / "waves.npz", train_x=train_x, test_x=x, test_y=y.astype(np.uint8))
np.save(folder / "train_y.npy", train_y.astype(np.uint8))
right = (network(prepared(x)).argmax(1).numpy() == y).mean()
print(f"{folder}: network.pt2 and waves.npz, {100 * right:.1f} % right")
