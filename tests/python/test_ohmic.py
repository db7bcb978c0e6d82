"""The Python module: the program's numbers, its errors, Ctrl-C, device models, one LibTorch.

Run by tests/python/check.sh in an environment of its own, once without torch and once with it."""
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy

import ohmic

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "experiments/your_network"
WAVES = numpy.load(FOLDER / "waves.npz")
HAS_TORCH = importlib.util.find_spec("torch") is not None


def normalised(name):
    return (WAVES[name] * numpy.float32(1 / 128) - 1).astype("f4")


X, TRAIN, LABELS = normalised("test_x"), normalised("train_x"), WAVES["test_y"]


def network():
    return ohmic.load(FOLDER / "network.pt2")


def noisy(eta, **more):
    return ohmic.Hardware(device=dict(model="awgn", eta=eta), tile=(128, 128), **more)


class Numbers(unittest.TestCase):
    def test_are_those_of_the_program(self):
        program = os.environ.get("OHMIC_PROGRAM")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for name, array in (("x", X), ("train", TRAIN), ("y", LABELS)):
                numpy.save(folder / f"{name}.npy", array)
            file = folder / "study.toml"
            file.write_text(f"""
[model]
file = "{FOLDER}/network.pt2"
[data]
name = "files"
test = {{ samples = "{folder}/x.npy", labels = "{folder}/y.npy" }}
train = {{ samples = "{folder}/train.npy" }}
[mapping]
tile = [128, 128]
[device]
model = "awgn"
[periphery]
dac = {{}}
adc = {{ bits = 6 }}
[evaluation]
draws = 3
[output]
dir = "{folder}/run"
figures = false
[sweep]
"device.eta" = [0.1, 0.3]
""")
            if program:
                subprocess.run([program, "run", str(file)], check=True, capture_output=True)
            run = ohmic.run(file)
            self.assertEqual((run.points, run.finished), (2, 2))
            self.assertTrue(run.report().exists())
            results = run.results
            rows = results if isinstance(results, list) else results.to_dict("records")
            for row, eta in zip(rows, (0.1, 0.3)):
                r = ohmic.measure(network(), X, LABELS, noisy(eta, dac={}, adc=dict(bits=6)), draws=3,
                                  calibration=TRAIN, progress=False)
                got = [r.value, *r.interval, r.baseline, r.noise_free, r.normalized]
                wanted = [float(row[k]) for k in ("accuracy", "accuracy_lo", "accuracy_hi", "baseline",
                                                  "noise_free", "normalized")]
                self.assertEqual(got, wanted)
                self.assertEqual(len(r.frame), 3)

    def test_a_matrix_multiplies(self):
        W = numpy.array([[0.5, -1.0], [0.25, 1.0], [0.0, 2.0]])
        x = numpy.array([[1.0, 2.0], [-1.0, 0.5]])
        numpy.testing.assert_allclose(ohmic.Chip(ohmic.matrix(W))(x), x @ W.T, atol=1e-6)

    def test_a_draw_is_the_same_for_any_batch_and_threads(self):
        a = ohmic.Chip(network(), noisy(0.2), seed=3, draw=7)(X)
        b = ohmic.Chip(network(), noisy(0.2), seed=3, batch=13, threads=1).program(7)(X)
        self.assertEqual(a.shape[0], len(X))
        numpy.testing.assert_array_equal(a, b)

    def test_a_budget_lies_between_values_that_were_looked_at(self):
        b = ohmic.budget(network(), X, LABELS, noisy(0.1), max_drop=5, steps=8, draws=4, max_draws=8,
                         progress=False)
        values = [p["value"] for p in b.probes]
        self.assertIn(b.tolerated, values + [None])
        self.assertEqual(b.knob, "device.eta")
        self.assertIn("<table>", b._repr_html_())


class Errors(unittest.TestCase):
    def test_are_typed_and_say_what_would_be_accepted(self):
        with self.assertRaisesRegex(ohmic.ConfigError, 'device.etta.*did you mean "eta"'):
            ohmic.Hardware(device=dict(model="awgn", etta=0.1))
        with self.assertRaisesRegex(ohmic.ConfigError, r"periphery.adc.bits.*\[1, 16\]"):
            ohmic.Hardware(adc=dict(bits=-3))
        with self.assertRaises(ohmic.DataError):
            ohmic.load("no/such/file.onnx")
        with self.assertRaises(ohmic.DataError):
            ohmic.measure(network(), X[..., :5], LABELS, progress=False)
        with self.assertRaisesRegex(ohmic.CallError, "calibrate it with samples first"):
            ohmic.Chip(network(), noisy(0.1, adc={}))(X)
        with self.assertRaises(ohmic.ConfigError):
            ohmic.budget(network(), X, LABELS, knob="mapping.encoding", progress=False)
        with self.assertRaises(TypeError):
            ohmic.Hardware(device=dict(model="awgn", eta=object()))
        self.assertTrue(issubclass(ohmic.ConfigError, ValueError))

    def test_what_a_progress_raises_stops_and_reaches_the_caller(self):
        def stop(text, fraction):
            raise RuntimeError("enough")
        with self.assertRaisesRegex(RuntimeError, "enough"):
            ohmic.measure(network(), X, LABELS, noisy(0.1), progress=stop)

    def test_ctrl_c_stops(self):
        # What a shell starts in the background ignores it.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        began = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            ohmic.measure(network(), X, LABELS, noisy(0.1, adc={}, dac={}), draws=1_000_000,
                          progress=False)
        self.assertLess(time.monotonic() - began, 20)

    def test_other_threads_run_meanwhile(self):
        turns, done = [], threading.Event()

        def turn():
            while not done.is_set():
                turns.append(time.monotonic())
                time.sleep(0.001)
        thread = threading.Thread(target=turn)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(done.set)
        chip, x, took = ohmic.Chip(network(), noisy(0.1)), X, 0
        while took < 0.05:
            x = numpy.concatenate([x, x])
            began = time.monotonic()
            chip(x)
            took = time.monotonic() - began
        # A thread that has to wait for the end runs before and after the call, not in its middle.
        middle = [t for t in turns if began + took / 5 < t < began + took * 4 / 5]
        self.assertGreaterEqual(len(middle), 3)


class Devices(unittest.TestCase):
    def test_a_function_is_as_reproducible_as_a_model(self):
        @ohmic.device("proportional", 0.2)
        def proportional(target_S, normals, a):
            return target_S * (1 + a * normals)
        hw = ohmic.Hardware(device=proportional, tile=(64, 64))
        a = ohmic.measure(network(), X, LABELS, hw, draws=3, progress=False)
        b = ohmic.measure(network(), X, LABELS, hw, draws=3, threads=1, progress=False)
        numpy.testing.assert_array_equal(a.draws, b.draws)
        self.assertLess(a.value, a.baseline)
        self.assertFalse(numpy.all(a.draws == a.draws[0]))

    def test_what_a_function_raises_reaches_the_caller(self):
        @ohmic.device("broken")
        def broken(target_S, normals):
            raise ZeroDivisionError("in a device")
        with self.assertRaisesRegex(ZeroDivisionError, "in a device"):
            ohmic.Chip(network(), ohmic.Hardware(device=broken))
        with self.assertRaises(ohmic.ConfigError):
            ohmic.Hardware(device=dict(model="python", function="nobody"))


class Words(unittest.TestCase):
    def test_the_schema_holds_every_table(self):
        schema = ohmic.schema()
        tables = schema["properties"]
        for name in ("model", "data", "mapping", "device", "periphery", "evaluation", "budget"):
            self.assertIn(name, tables)
        models = [m["title"] for m in tables["device"]["oneOf"]]
        self.assertIn("awgn", models)
        adc = tables["periphery"]["properties"]["adc"]["anyOf"][1]["properties"]
        self.assertEqual((adc["bits"]["minimum"], adc["bits"]["maximum"]), (1, 16))

    def test_the_schema_takes_the_files_that_the_program_takes(self):
        import jsonschema
        import tomllib
        jsonschema.Draft202012Validator.check_schema(ohmic.schema())
        schema = jsonschema.Draft202012Validator(ohmic.schema())
        files = sorted((ROOT / "experiments").glob("*.toml"))
        self.assertGreater(len(files), 20)
        for file in files:
            schema.validate(tomllib.loads(file.read_text()))
        preset = 'preset = "ideal"\n'
        for text in (preset + "[device]\ng_max_S = 3e-5",
                     "[device]\neta = 0.2\nprogramming_scale = 1.0\n"
                     '[sweep]\n"device.model" = ["awgn", "pcm"]',
                     '[device]\nmodel = "awgn"\n[device.layers.conv1]\neta = 0.2'):
            schema.validate(tomllib.loads(text))
        for text in (preset + "[device]\ng_max = 3e-5", preset + '[device]\ng_max_S = "much"',
                     '[device]\nmodel = "awgn"\nprogramming_scale = 1.0', '[device]\nmodel = "awgm"',
                     '[budget.attribution]\nsources = ["programing"]'):
            with self.assertRaises(jsonschema.ValidationError, msg=text):
                schema.validate(tomllib.loads(text))

    def test_manual_pages_and_hardware_are_shown(self):
        self.assertIn("bits", ohmic.describe("periphery.adc"))
        hw = ohmic.Hardware(preset="isaac-like").replace(**{"periphery.adc.bits": 4})
        self.assertIn("bits = 4", hw.toml())


class LibTorch(unittest.TestCase):
    def test_another_one_in_the_process_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder) / "torch"
            package.mkdir()
            (package / "__init__.py").write_text("")
            for order in ("import ohmic, torch", "import torch, ohmic"):
                said = subprocess.run([sys.executable, "-c", order], capture_output=True, text=True,
                                      env={**os.environ, "PYTHONPATH": folder + os.pathsep +
                                           os.environ.get("PYTHONPATH", "")})
                self.assertNotEqual(said.returncode, 0)
                self.assertIn("two LibTorches in one process crash", said.stderr)
                self.assertIn("ImportError", said.stderr)

    def test_another_one_may_be_looked_for(self):
        for init in (True, False):  # a package, and a folder of that name
            with tempfile.TemporaryDirectory() as folder:
                package = pathlib.Path(folder) / "torch"
                package.mkdir()
                if init:
                    (package / "__init__.py").write_text("")
                code = ("import importlib.util, ohmic\n"
                        "assert importlib.util.find_spec('torch') is not None\n"
                        "try:\n  import torch\n  print('imported')\n"
                        "except ImportError as error:\n  print(error)")
                said = subprocess.run([sys.executable, "-S", "-c", "import sys; sys.path[:] = "
                                       + repr([folder] + sys.path) + "\n" + code],
                                      capture_output=True, text=True)
                self.assertEqual(said.returncode, 0, said.stderr)
                self.assertIn("two LibTorches in one process crash" if init else "imported", said.stdout)

    @unittest.skipUnless(HAS_TORCH, "no torch in this environment")
    def test_a_module_answers_as_in_torch(self):
        import torch
        torch.manual_seed(1)
        module = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
            torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(8 * 14 * 14, 10)).eval()
        x = torch.randn(32, 1, 28, 28)
        with torch.no_grad():
            wanted = module(x).numpy()
        net = ohmic.from_torch(module, x[:2])
        got = ohmic.Chip(net, noisy(0.0))(x)
        self.assertLess(numpy.abs(got - wanted).max(), 1e-4)


class Examples(unittest.TestCase):
    def test_run(self):
        for name, said in (("crossbar", "exact"), ("own_network", "accuracy"), ("own_device", "chip 2"),
                           ("budget", "tolerated")):
            out = subprocess.run([sys.executable, ROOT / f"docs/examples/{name}.py"],
                                 capture_output=True, text=True)
            self.assertEqual(out.returncode, 0, out.stderr)
            self.assertIn(said, out.stdout)

    def test_the_notebook_runs(self):
        file = ROOT / "docs/examples/first_steps.ipynb"
        cells = [c for c in json.loads(file.read_text())["cells"] if c["cell_type"] == "code"]
        names, before = {}, os.getcwd()
        os.chdir(file.parent)
        try:
            for cell in cells:
                exec("".join(cell["source"]), names)
        finally:
            os.chdir(before)
        self.assertEqual(len(cells), 5)
        self.assertFalse(names["chip"].needs_calibration)


if __name__ == "__main__":
    unittest.main()
