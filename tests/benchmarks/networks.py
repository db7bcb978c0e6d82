"""Networks of files for `ohmic bench --model`: torchvision's, a transformer and an LSTM, as `.pt2`.

Usage: networks.py FOLDER, with torch and torchvision installed. Weights are random, and the same in
every run; their numbers change no time. docs/benchmarks.md says how many samples each was timed with.
"""

import pathlib
import sys

import torch
from torch import nn


class Transformer(nn.Module):
    """The size of ViT-Tiny: 12 layers, 192 wide, three heads, 197 tokens, as many numbers in."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(192, 3, 768, batch_first=True, activation="gelu",
                                           norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)
        self.head = nn.Linear(192, 1000)

    def forward(self, tokens):
        return self.head(self.encoder(tokens)[:, 0])


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 256, 2, batch_first=True)
        self.head = nn.Linear(256, 10)

    def forward(self, frames):
        return self.head(self.lstm(frames)[0][:, -1])


def networks():
    import torchvision.models as models

    image = torch.randn(1, 3, 224, 224)
    yield "mobilenet_v2", models.mobilenet_v2(weights=None), image
    yield "resnet18", models.resnet18(weights=None), image
    yield "transformer", Transformer(), torch.randn(1, 197, 192)
    yield "lstm", Recurrent(), torch.randn(1, 100, 64)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    for name, network, sample in networks():
        batch = torch.export.Dim("batch", min=1, max=4096)
        program = torch.export.export(network.eval(), (sample.expand(2, *sample.shape[1:]),),
                                      dynamic_shapes=({0: batch},))
        torch.export.save(program, folder / f"{name}.pt2")
        print(folder / f"{name}.pt2")


if __name__ == "__main__":
    main()
