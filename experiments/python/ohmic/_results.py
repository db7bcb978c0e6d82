"""What measurements, budgets and runs give, and how a notebook shows it."""

import csv
import html
import pathlib


def _table(rows):
    cells = "".join(f"<tr><th>{html.escape(str(k))}</th><td>{html.escape(str(v))}</td></tr>"
                    for k, v in rows)
    return f"<table>{cells}</table>"


def _frame(rows):
    """A pandas DataFrame, or the rows where pandas is not installed."""
    try:
        import pandas
    except ImportError:
        return rows
    return pandas.DataFrame(rows)


def _cell(text):
    """A number to its last bit, NaN for an empty cell, else the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text or float("nan")


class Measurement:
    """metric, value with its interval, draws, baseline (digital weights), noise_free (exact devices),
    normalized (value / baseline) with its interval, layers, warnings; accuracies are fractions of 1."""

    def __init__(self, made):
        import numpy

        self.__dict__.update(made)
        self.draws = numpy.array(self.draws)
        self.draws.flags.writeable = False

    @property
    def frame(self):
        """A row per draw."""
        return _frame([{"draw": i, self.metric: v} for i, v in enumerate(self.draws.tolist())])

    def _rows(self):
        low, high = self.interval
        return [(self.metric, f"{self.value:.6g}"), ("interval", f"{low:.6g} to {high:.6g}"),
                ("draws", len(self.draws)), ("without noise", f"{self.baseline:.6g}"),
                ("devices exact", f"{self.noise_free:.6g}")]

    def __repr__(self):
        return "; ".join(f"{k} {v}" for k, v in self._rows())

    def _repr_html_(self):
        return _table(self._rows())


class Budget:
    """knob, tolerated and not_tolerated (shown; None: not shown for any value), estimate of the
    crossing, baseline, limit, probes, warnings (what `ohmic budget` would say beside them)."""

    def __init__(self, made):
        self.__dict__.update(made)

    @property
    def frame(self):
        """A row per value that was looked at."""
        return _frame(self.probes)

    def _rows(self):
        return [("knob", self.knob), ("tolerated", self.tolerated),
                ("not tolerated", self.not_tolerated), ("about", self.estimate),
                ("without noise", self.baseline), ("limit", self.limit),
                *(("warning", text) for text in self.warnings)]

    def __repr__(self):
        return "; ".join(f"{k} {v}" for k, v in self._rows())

    def _repr_html_(self):
        return _table(self._rows())


class Figure:
    """An SVG file that notebooks show."""

    def __init__(self, path):
        self.path = path

    def _repr_svg_(self):
        return self.path.read_text()

    def __repr__(self):
        return f"figure {self.path}"


class Run:
    """folder, points, finished, computed, left_out, summary; results, figure(), report()."""

    def __init__(self, made):
        self.__dict__.update(made)
        self.folder = pathlib.Path(self.folder)

    @property
    def results(self):
        """results.csv as a pandas DataFrame, or a list of dicts without pandas."""
        with open(self.folder / "results.csv", newline="") as rows:
            return _frame([{k: _cell(v) for k, v in row.items()} for row in csv.DictReader(rows)])

    @property
    def figures(self):
        """Names of the figures."""
        return sorted(path.stem for path in (self.folder / "figures").glob("*.svg"))

    def figure(self, name="accuracy"):
        path = self.folder / "figures" / f"{name}.svg"
        if not path.exists():
            raise FileNotFoundError(f"no figure {name!r} in {path.parent}; there are {self.figures}")
        return Figure(path)

    def report(self):
        """The path of report.html."""
        return self.folder / "report.html"

    def __repr__(self):
        return f"{self.finished} of {self.points} points in {self.folder}\n{self.summary}"

    def _repr_html_(self):
        results = self.results
        return results._repr_html_() if hasattr(results, "_repr_html_") else f"<pre>{self!r}</pre>"
