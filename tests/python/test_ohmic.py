"""The Python module: the program's numbers, its errors, Ctrl-C, device models, one LibTorch.

Run by tests/python/check.sh in an environment of its own, once without torch and once with it."""
import concurrent.futures
import importlib.util
import inspect
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
    def test_samples_may_be_given_by_input(self):
        net = network()
        plain = ohmic.measure(net, X, LABELS, noisy(0.2), draws=2)
        named = ohmic.measure(net, {net.inputs[0]: X}, LABELS, noisy(0.2), draws=2)
        numpy.testing.assert_array_equal(plain.draws, named.draws)
        with self.assertRaisesRegex(ohmic.DataError, "no array is given for the network's input"):
            ohmic.measure(net, {"wrong": X}, LABELS, noisy(0.2), draws=2)

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
        self.assertEqual(b.warnings, [])

    def test_a_budget_takes_what_the_program_takes(self):
        def budget(**more):
            return ohmic.budget(network(), X, LABELS, noisy(0.1), steps=2, draws=2, max_draws=2,
                                progress=False, **more)
        points, per_cent = budget(max_drop=3, drop="points"), budget(max_drop=3)
        self.assertAlmostEqual(points.limit, points.baseline - 0.03)
        self.assertAlmostEqual(per_cent.limit, per_cent.baseline * 0.97)
        two = budget(metric="top_k", top_k=2)
        self.assertGreater(two.baseline, points.baseline)
        self.assertEqual(budget(metric="top_k", top_k=1).baseline, points.baseline)
        mse = budget(metric="mse", against="answers", max_rise=0.5, drop="unit")
        self.assertEqual((mse.baseline, mse.limit), (0, 0.5))
        with self.assertRaisesRegex(ohmic.ConfigError, "budget.max_drop: 0.5 is for metrics where higher"):
            budget(metric="mse", against="answers", max_drop=0.5, drop="unit")
        still = budget(knob="device.time_s", range=(1, 10))
        self.assertIn("has no effect", still.warnings[0])
        self.assertIn("has no effect", repr(still))
        with self.assertRaisesRegex(ohmic.ConfigError, 'budget.drop.*one of percent_of_baseline.*"ell"'):
            budget(drop="ell")
        with self.assertRaisesRegex(ohmic.ConfigError, '"evaluation.batch" is nothing of the hardware'):
            budget(knob="evaluation.batch")

    def test_layers_follow_the_common_device(self):
        layer = network().layers[0]
        def hardware(eta):
            return ohmic.Hardware(device=dict(model="awgn", eta=eta), layers={layer: dict(g_max_S=3e-5)})
        moved = ohmic.Chip(network(), hardware(0.1).replace(**{"device.eta": 0.3}))(X)
        numpy.testing.assert_array_equal(moved, ohmic.Chip(network(), hardware(0.3))(X))


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

    def test_wrong_types_are_named_with_what_is_accepted(self):
        def refused(text, call):
            with self.assertRaises(ohmic.ConfigError) as caught:
                call()
            self.assertEqual(str(caught.exception), "error: " + text)

        def measure(**options):
            return lambda: ohmic.measure(network(), X, LABELS, progress=False, **options)
        long = "an integer in [-9223372036854775808, 9223372036854775807]"
        from_0 = "an integer in [0, 9223372036854775807]"
        refused(f"draws: expected {long}, got 1000.0", measure(draws=1e3))
        refused(f"draws: expected {long}, got {2**63}", measure(draws=2**63))
        refused(f"seed: expected {from_0}, got {2**63}", measure(seed=2**63))
        refused(f"seed: expected {from_0}, got -1", measure(seed=-1))
        refused("threads: expected an integer in [-2147483648, 2147483647], got 2147483648",
                measure(threads=2**31))
        refused("metric: expected text, got 7", measure(metric=7))
        refused("confidence: expected a number, got 'much'", measure(confidence="much"))
        refused("per_batch: expected True or False, got 'yes'", measure(per_batch="yes"))
        refused("max_drop: expected a number, got 'little'",
                lambda: ohmic.budget(network(), X, LABELS, max_drop="little", progress=False))
        refused("range: expected a list of numbers, got ['a', 'b']",
                lambda: ohmic.budget(network(), X, LABELS, range="ab", progress=False))
        refused(f"seed: expected {from_0}, got {2**64}", lambda: ohmic.Chip(network(), seed=2**64))
        refused(f"draw: expected {from_0}, got 1.5", lambda: ohmic.Chip(network()).program(1.5))
        refused("device.quanta: expected an integer of 64 bits, at most 9223372036854775807, got "
                f"{2**63}", lambda: ohmic.Hardware(device=dict(model="awgn", quanta=2**63)))
        with self.assertRaisesRegex(TypeError, "^device.eta: expected a dict, list, number"):
            ohmic.Hardware(device=dict(model="awgn", eta=object()))
        self.assertEqual(ohmic.measure(network(), X, LABELS, draws=numpy.int64(1), seed=2**63 - 1,
                                       confidence=numpy.float32(0.5), progress=False).draws.size, 1)

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

    def test_threads_share_a_chip(self):
        chip = ohmic.Chip(network(), noisy(0.2, adc={}, dac={})).calibrate(TRAIN)
        parts = numpy.array_split(X, 16)
        calls = [call for part in parts for call in ((chip, part), (chip.digital, part))]
        serial = [call(part) for call, part in calls]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            shared = list(pool.map(lambda call: call[0](call[1]), calls))
        for got, wanted in zip(shared, serial):
            numpy.testing.assert_array_equal(got, wanted)


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

    def test_a_chip_is_never_left_with_exact_devices(self):
        fails = [False]

        @ohmic.device("sometimes")
        def sometimes(target_S, normals):
            if fails[0]:
                raise ZeroDivisionError("in a device")
            return target_S * (1 + 0.2 * normals)
        hw = ohmic.Hardware(device=sometimes)
        chip = ohmic.Chip(network(), hw)
        fails[0] = True
        for again in (lambda: chip.program(2), lambda: chip(X)):
            with self.assertRaisesRegex(ZeroDivisionError, "in a device"):
                again()
        fails[0] = False
        numpy.testing.assert_array_equal(chip(X), ohmic.Chip(network(), hw, draw=2)(X))

    def test_errors_reach_the_call_that_they_are_of(self):
        @ohmic.device("broken")
        def broken(target_S, normals):
            time.sleep(0.005)  # while its first error waits, other calls come to where errors are raised
            raise ZeroDivisionError("in a device")

        def fail(_):
            with self.assertRaises(ZeroDivisionError):
                ohmic.Chip(network(), ohmic.Hardware(device=broken))

        def succeed(_):
            ohmic.Chip(network(), noisy(0.1))(X)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            done = [pool.submit(call, i) for i in range(10) for call in (fail, succeed)]
        for future in done:
            future.result()

    def test_conductances_are_finite_numbers(self):
        @ohmic.device("lost")
        def lost(target_S, normals):
            return numpy.full(target_S.shape, numpy.nan)
        with self.assertRaisesRegex(ValueError, '^device function "lost": gave nan; expected finite'):
            ohmic.Chip(network(), ohmic.Hardware(device=lost))

    def test_a_run_refuses_what_its_folder_cannot_tell_apart(self):
        @ohmic.device("of_today")
        def of_today(target_S, normals):
            return target_S
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "study.toml"
            for device, key in (('model = "python"\nfunction = "of_today"', "device.model"),
                                ('model = "stack"\nmodels = [{ model = "ideal" }, { model = "python", '
                                 'function = "of_today" }]', r"device.models\[1\].model")):
                file.write_text(f'[model]\nfile = "{FOLDER}/network.pt2"\n[data]\nname = "files"\n'
                                f'test = {{ samples = "{FOLDER}/waves.npz:test_x" }}\n'
                                f'[device]\n{device}\n[output]\ndir = "{folder}/run"\n')
                with self.assertRaisesRegex(ohmic.ConfigError, key + '.*a run folder keeps nothing.*'
                                            r"use ohmic.measure\(\)"):
                    ohmic.run(file)
            self.assertFalse((pathlib.Path(folder) / "run").exists())
        ohmic.Chip(network(), ohmic.Hardware(device=of_today))


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

    @unittest.skipUnless(importlib.util.find_spec("jsonschema") and importlib.util.find_spec("tomllib"),
                         "no jsonschema in this environment, or no tomllib in this Python")
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
        faults = schema.iter_errors(tomllib.loads('[device]\nmodel = "awgm"'))
        self.assertTrue(any(fault.message.startswith("'awgm' is not one of") for fault in faults))

    def test_docstrings_have_every_key_as_it_is_declared(self):
        def declared(schema, name):
            """(key, its JSON schema) of a table and all tables in it."""
            for key, entry in schema.get("properties", {}).items():
                entries = [entry, *entry.get("anyOf", [])]
                yield f"{name}.{key}", {k: v for e in entries for k, v in e.items()}
                for inner in entries:
                    yield from declared(inner, f"{name}.{key}")

        doc, tables = inspect.getdoc(ohmic.Hardware), ohmic.schema()["properties"]
        self.assertIn("\nperiphery.adc.bits: an integer in [1, 16], in bit; default 8\n", doc)
        self.assertIn("\ndevice.g_max_S of pcm: a real number > 0, in S, usually", doc)
        self.assertIn("\n    Source: ", doc)
        keys = [pair for name in ("mapping", "periphery", "noise")
                for pair in declared(tables[name], name)]
        self.assertGreater(len(keys), 40)
        for key, entry in keys:
            lines = [line for line in doc.split("\n") if line.startswith(key + ": ")]
            self.assertEqual(len(lines), 1, key)
            if "minimum" in entry and "maximum" in entry:
                self.assertIn("[{minimum:g}, {maximum:g}]".format(**entry), lines[0])
        for model in tables["device"]["oneOf"][:-1]:  # the last is of no model
            for key in model["properties"]:
                self.assertTrue(key in ("model", "layers") or f"\ndevice.{key} of {model['title']}: " in doc, key)
        with self.assertRaisesRegex(ohmic.ConfigError, 'did you mean "periphery"'):
            ohmic._ohmic.keys(["perifery"])

    def test_options_are_documented_by_the_keys_that_they_are(self):
        tables = ohmic.schema()["properties"]
        for function in (ohmic.measure, ohmic.budget):
            doc, compared = inspect.getdoc(function), 0
            options = dict(line.split(": ")[0].split(" = ") for line in doc.split("\n")
                           if " = " in line and not line.startswith(" "))
            self.assertIn("draws", options)
            for name, key in options.items():
                parameter = inspect.signature(function).parameters[name]
                entry = {"properties": tables}
                for part in key.split("."):
                    entry = entry.get("properties") or entry["anyOf"][1]["properties"]
                    entry = entry[part]
                if parameter.default is None or isinstance(parameter.default, bool) or \
                        parameter.default == "" or "default" not in entry:
                    continue
                compared += 1
                wanted = parameter.default
                self.assertIn(entry["default"], (wanted, [wanted], list(wanted) if isinstance(
                    wanted, tuple) else wanted), name)
            self.assertGreaterEqual(compared, 5)

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

    @unittest.skipUnless(HAS_TORCH, "no torch in this environment")
    def test_a_module_with_two_inputs_answers_as_in_torch(self):
        import torch

        class Towers(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.words, self.head = torch.nn.Embedding(11, 6), torch.nn.Linear(6 + 4, 3)

            def forward(self, ids, facts):
                return self.head(torch.cat([self.words(ids).mean(1), facts], 1))

        torch.manual_seed(2)
        module, ids, facts = Towers().eval(), torch.randint(11, (9, 5)), torch.randn(9, 4)
        with torch.no_grad():
            wanted = module(ids, facts).numpy()
        net = ohmic.from_torch(module, (ids[:2], facts[:2]))
        self.assertEqual(net.inputs, ["ids", "facts"])
        got = ohmic.Chip(net, noisy(0.0))({"facts": facts, "ids": ids})
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
