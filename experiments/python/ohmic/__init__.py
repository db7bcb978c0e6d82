"""How much analog noise can this network take?

    net  = ohmic.load("keywords.onnx")
    hw   = ohmic.Hardware(device=dict(model="awgn", eta=0.1), tile=(256, 256), adc=dict(bits=8))
    chip = ohmic.Chip(net, hw, seed=1); chip.calibrate(x[:256]); y = chip(x)
    r    = ohmic.measure(net, x, labels, hw, draws=20)        # r.value, r.interval, r.draws
    run  = ohmic.run("study.toml", set={"device.eta": 0.1})   # run.results, run.figure("accuracy")
    b    = ohmic.budget(net, x, labels, hw, knob="device.eta", max_drop=1)

Numbers are those of the program `ohmic`, bit for bit. Arrays are numpy's, or anything that numpy
takes (torch tensors on any device). Values are made once and not changed.
"""

import os

from ohmic import _torch

# How long waiting threads look for one another before they sleep, as the program has it
# (docs/decisions/016-short-spinning.md); read when the libraries are loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
_torch.check_before_loading()
from ohmic import _ohmic  # noqa: E402

_torch.watch(_ohmic.libtorch_folder)

from ohmic._ohmic import (  # noqa: E402
    CallError, ConfigError, DataError, Error, OutputError, UnsupportedError, __version__)
from ohmic import _docs  # noqa: E402
from ohmic._results import Budget, Measurement, Run  # noqa: E402

__all__ = [
    "Budget", "CallError", "Chip", "ConfigError", "DataError", "Error", "Hardware", "Measurement",
    "OutputError", "Run", "UnsupportedError", "budget", "describe", "device", "from_torch",
    "libtorch", "load", "matrix", "measure", "run", "schema"]


def libtorch():
    """Which LibTorch computes: (version, folder)."""
    return _ohmic.libtorch_version, _ohmic.libtorch_folder


def load(file, *, weights="", inputs=(), output=""):
    """The network of an ONNX, .pt2 or Keras file.

    weights: another file of the same network's weights; inputs, output: names in the file, where it
    has more than are used. A network that takes several inputs (network.inputs) takes a dict with
    an array for each where others take an array. Raises DataError for what cannot be read."""
    inputs = [inputs] if isinstance(inputs, str) else list(inputs)
    return _ohmic.load(file, str(weights), inputs, output)


def matrix(weights):
    """One crossbar alone: y = x @ weights.T of an array of shape (answers, inputs)."""
    return _ohmic.matrix(weights)


def from_torch(module, example, *, weights=""):
    """A torch module as a network, by torch.export: BatchNorm is kept as layers of its own.

    example: a tensor, or a tuple of them, with at least two samples on the first axis. The module is
    put in eval mode. Needs an ohmic that was built with the LibTorch of this Python."""
    import tempfile

    torch = _torch.module()
    arguments = example if isinstance(example, tuple) else (example,)
    samples = torch.export.Dim("samples")
    program = torch.export.export(
        module.eval(), arguments, dynamic_shapes=tuple({0: samples} for _ in arguments))
    folder = tempfile.TemporaryDirectory(prefix="ohmic-")
    file = folder.name + "/" + type(module).__name__ + ".pt2"
    torch.export.save(program, file)
    network = load(file, weights=weights)
    network.folder = folder  # as long as the network: it is read again for other mappings
    return network


class Hardware:
    __doc__ = _docs.Keys("""Devices, tiles, converters and wires that a network lies on.

    preset: a named set (`ohmic list presets`); everything else replaces its keys.
    device: a model's name or a dict with it, dict(model="awgn", eta=0.1); ohmic.device() makes one
    of a function. tile: (rows, columns). adc, dac, wires: dicts of [periphery]; None: ideal.
    mapping, periphery, noise: dicts of these tables; layers: dicts of devices by layer.
    allow: keys whose values are meant though they are unusual.
    Raises ConfigError with every fault.""", "mapping", "periphery", "noise", "device")

    _IDEAL = object()

    def __init__(self, preset=None, *, device=None, tile=None, adc=_IDEAL, dac=_IDEAL,
                 wires=_IDEAL, mapping=None, periphery=None, noise=None, layers=None, allow=None):
        tables = {"mapping": dict(mapping or {}), "periphery": dict(periphery or {}),
                  "device": {"model": device} if isinstance(device, str) else dict(device or {}),
                  "noise": dict(noise or {})}
        if tile is not None:
            tables["mapping"]["tile"] = tile if isinstance(tile, str) else list(tile)
        for key, value in (("adc", adc), ("dac", dac), ("wires", wires)):
            if value is not Hardware._IDEAL:
                tables["periphery"][key] = value
        if layers:
            tables["device"]["layers"] = layers
        tables = {key: table for key, table in tables.items() if table}
        if preset is not None:
            tables["preset"] = preset
        if allow:
            tables["allow"] = list(allow)
        self._made = _ohmic.Hardware.read(tables)

    def replace(self, **settings):
        """The same with other values for dotted keys: hw.replace(**{"device.eta": 0.2})."""
        other = object.__new__(Hardware)
        other._made = self._made
        for key, value in settings.items():
            other._made = other._made.with_setting(key, value)
        return other

    def toml(self):
        """Every key with its value, as an experiment file has them."""
        return self._made.toml()

    def __repr__(self):
        return "ohmic.Hardware:\n" + self.toml()


def _samples(x, labels=None):
    return x if isinstance(x, _ohmic.Samples) else _ohmic.Samples(x, labels)


class Chip:
    """A network on its hardware with one draw of everything random.

    seed, draw: which chip. batch: samples computed together. backend: "cpu" or "reference".
    threads: 0 takes all. Threads of Python may share it: one at a time has it."""

    def __init__(self, network, hardware=None, *, seed=1, draw=0, batch=100, backend="cpu",
                 threads=0):
        hardware = hardware or Hardware()
        self._made = _ohmic.Chip(network, hardware._made, dict(
            seed=seed, draw=draw, batch=batch, backend=backend, threads=threads))

    @property
    def needs_calibration(self):
        """Whether converters wait for calibrate()."""
        return self._made.needs_calibration

    def calibrate(self, x):
        """Finds the ranges of converters on these samples and programs the chip."""
        self._made.calibrate(_samples(x))
        return self

    def program(self, draw):
        """Another draw."""
        self._made.program(draw)
        return self

    def __call__(self, x):
        """Answers to samples (samples on the first axis) as a float32 array."""
        return self._made(_samples(x))

    def digital(self, x):
        """The same with digital weights, without any hardware."""
        return self._made.digital(_samples(x))


# Options by the keys of experiment files that they are.
_MEASURED = {
    "draws": "evaluation.draws", "confidence": "evaluation.confidence", "metric": "evaluation.metric",
    "top_k": "evaluation.top_k", "against": "evaluation.against",
    "class_axis": "evaluation.class_axis", "scores": "evaluation.scores",
    "per_batch": "evaluation.estimator", "batch": "evaluation.batch",
    "calibration_samples": "evaluation.calibration_images", "seed": "seed",
    "first_draw": "evaluation.first_draw", "backend": "compute.backend",
    "threads": "compute.threads"}
_SEARCHED = {
    "knob": "budget.find.knob", "max_drop": "budget.max_drop", "max_rise": "budget.max_rise",
    "drop": "budget.drop", "range": "budget.find.range", "log": "budget.find.scale",
    "fewest": "budget.find.tolerate", "steps": "budget.find.steps", "draws": "budget.draws",
    "max_draws": "budget.max_draws", "confidence": "budget.confidence"}


def _options(draws, confidence, metric, top_k, against, class_axis, scores, per_batch, batch,
             calibration_samples, seed, first_draw, backend, threads):
    return dict(draws=draws, confidence=confidence, metric=metric, top_k=top_k, against=against,
                class_axis=class_axis, scores=scores, per_batch=per_batch, batch=batch,
                calibration_samples=calibration_samples, seed=seed, first_draw=first_draw,
                backend=backend, threads=threads)


def _progress(progress, what):
    """A callable of (text, fraction), and one that ends it."""
    if callable(progress):
        return progress, lambda: None
    if progress is False:
        return None, lambda: None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None, lambda: None
    bar = tqdm(total=1.0, desc=what, leave=False, bar_format="{l_bar}{bar}| {elapsed}")

    def show(text, fraction):
        bar.set_description(text, refresh=False)
        bar.update(max(0.0, fraction - bar.n))

    return show, bar.close


@_docs.options(**_MEASURED)
def measure(network, x, labels=None, hardware=None, *, draws=10, confidence=0.95, metric="", top_k=5,
            against="", class_axis="", scores="", per_batch=False, batch=100, calibration=None,
            calibration_samples=256, seed=1, first_draw=0, backend="cpu", threads=0, progress=None):
    """How good answers are over `draws` chips: value, interval, draws, baseline of a Measurement.

    labels: a class per sample, or numbers; None: agreement with the network without noise.
    calibration: samples that find the ranges of converters; None: the first calibration_samples of x,
    whose labels are not looked at. Text that is empty: as data and network have it. progress: a
    callable of (text, fraction), False for none; else tqdm where it is installed. Ctrl-C stops.
    Raises ConfigError or DataError before anything is computed."""
    samples = _samples(x, labels)
    if calibration is not None:
        samples = samples.with_calibration(_samples(calibration))
    options = _options(draws, confidence, metric, top_k, against, class_axis, scores, per_batch,
                       batch, calibration_samples, seed, first_draw, backend, threads)
    show, end = _progress(progress, "measure")
    try:
        return Measurement(_ohmic.measure(network, samples, (hardware or Hardware())._made, options,
                                          show))
    finally:
        end()


@_docs.options(**_SEARCHED)
def budget(network, x, labels=None, hardware=None, *, knob="device.eta", max_drop=None,
           max_rise=None, drop="percent_of_baseline", range=(0.005, 0.5), log=True, fewest=False,
           steps=64, draws=10, max_draws=200, confidence=0.95, metric="", top_k=5, against="",
           class_axis="", scores="", per_batch=False, batch=100, calibration=None,
           calibration_samples=256, seed=1, backend="cpu", threads=0, progress=None):
    """The largest value of a knob by which the metric gets worse by at most max_drop.

    max_rise takes the place of max_drop where lower is better; 1 without either. knob: a dotted key
    of the hardware with a number, of mapping, device, periphery or noise. fewest: the fewest instead,
    of bits. Else as measure()."""
    samples = _samples(x, labels)
    if calibration is not None:
        samples = samples.with_calibration(_samples(calibration))
    options = _options(draws, confidence, metric, top_k, against, class_axis, scores, per_batch,
                       batch, calibration_samples, seed, 0, backend, threads)
    search = dict(max_drop=max_drop, max_rise=max_rise, drop=drop, range=list(range), steps=steps,
                  draws=draws, max_draws=max_draws, log=log, fewest=fewest)
    show, end = _progress(progress, "budget")
    try:
        return Budget(_ohmic.find_budget(network, samples, (hardware or Hardware())._made, knob, search,
                                         options, show))
    finally:
        end()


def run(file, *, set=None, out="", only=(), fresh=False):
    """`ohmic run FILE`: every point of a study; what is finished in its folder is not computed again.

    set: values by dotted key. out: the run folder. Ctrl-C stops, and the same call goes on. A device
    that is a function of Python is refused: a folder keeps nothing of it; measure() takes it."""
    return Run(_ohmic.run(file, dict(set or {}), out, [str(c) for c in only], fresh))


def device(name, *parameters, **keys):
    """Decorates a function f(target_S, normals, *parameters) -> G_S: a device model of one's own.

    target_S: target conductances of a block of devices, in siemens; normals: as many addressed standard
    normals, the same whatever the tile, batch or thread. Returns the dict that Hardware(device=...)
    takes; keys are g_min_S, g_max_S, time_s. It is slower than a model in C++."""
    def declare(function):
        _ohmic.register_function(name, function)
        return dict(model="python", function=name, parameters=[float(p) for p in parameters], **keys)
    return declare


def schema():
    """The JSON schema of experiment files, as `ohmic describe --json-schema` prints it."""
    import json

    return json.loads(_ohmic.schema())


def describe(thing=""):
    """The manual page of a table, parameter, device model or preset, as `ohmic describe` prints it."""
    return _ohmic.describe(thing)
