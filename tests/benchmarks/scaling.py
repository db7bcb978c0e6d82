"""What a whole `ohmic run` costs against draws, images, weights, threads and ranks.

Usage: scaling.py OHMIC FOLDER [REPEATS]

Each run is a whole program on finished weights, from its start to its last file: ResNets of the
built-in images on phase-change memory an hour after programming, 8-bit converters, 256-row tiles;
threads and ranks with eight ages in place of one, since ranks share out points.
FOLDER/scaling.csv has the least wall-clock seconds of REPEATS (3) runs, and a figure where gnuplot is
there. The exponent is that of the last step of each axis: seconds grow as size^exponent; `fixed` and
`each` are of the line through first and last size, seconds = fixed + each * size.
"""

import csv
import math
import os
import pathlib
import shutil
import subprocess
import sys
import time

EXPERIMENT = """
seed = 1
[data]
name = "synthetic"
train_images = 500
test_images = {images}
[model]
name = "resnet20"
width = {width}
{weights}
[train]
epochs = 1
[device]
model = "pcm"
time_s = 3600
[periphery]
dac = {{ bits = 8 }}
adc = {{ bits = 8, range = "calibrated" }}
[evaluation]
draws = {draws}
[compute]
threads = {threads}
{sweep}
"""

POINTS = "[sweep]\ndevice.time_s = [25, 60, 600, 3600, 36000, 86400, 864000, 8640000]"

AXES = {
    "draws": [1, 3, 10, 30, 100, 300],
    "images": [100, 300, 1000, 3000, 10000],
    "width": [8, 16, 32, 64],
    "threads": [],
    "ranks": [],
}


class Runs:
    def __init__(self, ohmic, folder):
        self.ohmic, self.folder, self.weights = ohmic, folder, {}

    def seconds(self, draws=4, images=200, width=16, threads=1, ranks=1, sweep=""):
        """Of one whole run."""
        trained = self.trained(width)
        text = EXPERIMENT.format(images=images, width=width, draws=draws, threads=threads,
                                 weights=f'weights = "{trained}"', sweep=sweep)
        return self.run(text, ranks)

    def trained(self, width):
        if width not in self.weights:
            out = self.folder / f"trained-{width}"
            text = EXPERIMENT.format(images=100, width=width, draws=1, threads=0, weights="", sweep="")
            if not list(out.glob("training/*/weights.safetensors")):
                self.run(text, 1, out)
            self.weights[width] = next(out.glob("training/*/weights.safetensors")).resolve()
        return self.weights[width]

    def run(self, text, ranks, out=None):
        target = out or self.folder / "run"
        if not out:
            shutil.rmtree(target, ignore_errors=True)
        file = self.folder / "experiment.toml"
        file.write_text(text)
        mpirun = ["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", str(ranks)]
        command = (mpirun if ranks > 1 else []) + [self.ohmic, "run", file, "--out", target]
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - start


def exponent(sizes, seconds):
    return math.log(seconds[-1] / seconds[-2]) / math.log(sizes[-1] / sizes[-2])


def draw(folder, rows):
    axes = sorted({r["axis"] for r in rows}, key=list(AXES).index)
    plots = []
    for axis in axes:
        points = "\n".join(f"{r['size']} {r['seconds']}" for r in rows if r["axis"] == axis)
        plots.append(f"$d << E\n{points}\nE\nset xlabel '{axis}'\n"
                     "plot $d with linespoints linewidth 2 pointtype 7 notitle")
    script = ("set terminal pngcairo size 1500,330 font ',11'\n"
              f"set output '{folder}/scaling.png'\nset logscale xy\nset grid\nset yrange [1:]\n"
              f"set ylabel 'seconds of a whole run'\nset multiplot layout 1,{len(axes)}\n"
              + "\n".join(plots))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    runs = Runs(pathlib.Path(sys.argv[1]).resolve(), folder)
    repeats = int(sys.argv[3]) if len(sys.argv) == 4 else 3
    processors = [2**k for k in range(os.cpu_count().bit_length())]
    AXES["threads"] = processors
    AXES["ranks"] = processors if shutil.which("mpirun") else []
    rows = []
    for axis, sizes in AXES.items():
        seconds = []
        common = {"draws": 20, "sweep": POINTS} if axis in ("threads", "ranks") else {}
        for size in sizes:
            seconds.append(min(runs.seconds(**common, **{axis: size}) for _ in range(repeats)))
            rows.append({"axis": axis, "size": size, "seconds": f"{seconds[-1]:.3f}"})
            print(f"{axis} {size}: {seconds[-1]:.2f} s", flush=True)
        if len(sizes) > 1:
            each = (seconds[-1] - seconds[0]) / (sizes[-1] - sizes[0])
            print(f"{axis}: exponent {exponent(sizes, seconds):.2f}, "
                  f"fixed {seconds[0] - each * sizes[0]:.2f} s, each {each:.4f} s", flush=True)
    with open(folder / "scaling.csv", "w", newline="") as out:
        table = csv.DictWriter(out, ["axis", "size", "seconds"])
        table.writeheader()
        table.writerows(rows)
    if shutil.which("gnuplot"):
        draw(folder, rows)


if __name__ == "__main__":
    main()
