#!/usr/bin/env python3
"""Prints docs/devices.md: what the files of the device models open with, and their figures.

docs/site/devices.py > docs/devices.md
"""

import re
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
# Device models

Theory, equation, source and limits, as they stand at the head of each model's file in `devices/models/`, with keys and conductances as they are called there: $G_T$ is the target and $\\xi$ a standard normal. The figures are of 4096 devices for each target, with the model's defaults or what stands above them: the std of the error right after writing, a day later, and of one read then; and what devices hold as they age, with the std between them. `docs/figures/devices.cpp` drew them with the models themselves (`build/debian/tests/device_figures docs/figures/devices`). Models without a figure make no error of their own. Their keys are in [parameters](parameters.md#device-models).

Written by `docs/site/devices.py > docs/devices.md`.
"""


def manual_page(model):
    """The comment that a device model's file opens with, as Markdown."""
    lines = [line[3:] for line in takewhile(lambda line: line.startswith("//"), model.open())]
    name, title = lines[0].strip().split(" - ", 1)
    text = "".join(line or "\n" for line in lines[1:])
    text = re.sub(r"^(Theory|Equation|Source|Limits)\.", r"**\1.**", text, flags=re.M)
    figure = Path("figures/devices") / f"{name}.svg"
    drawn = f"\n![Error and age of {name}]({figure})\n" if (ROOT / "docs" / figure).exists() else ""
    return f"\n## {name}: {title}\n{text}{drawn}"


print(HEAD, *map(manual_page, sorted(ROOT.glob("devices/models/*.cpp"))), sep="", end="")
