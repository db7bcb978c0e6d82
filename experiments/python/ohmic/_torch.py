"""One LibTorch per process: the one that ohmic was built with."""

import importlib.abc
import os
import sys

_folder = None


def _inside(folder, package):
    return os.path.realpath(folder).startswith(os.path.realpath(package) + os.sep)


def _refuse(package):
    raise ImportError(
        f"ohmic was built with the LibTorch in {_folder}, and torch in {package} brings another; two "
        "LibTorches in one process crash. Install ohmic again in this environment (pip install "
        "--force-reinstall --no-deps ohmic), which takes torch's, or use them in two processes.")


def check_before_loading():
    """Nothing to load yet: what was loaded before is looked at by watch()."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    from importlib.resources import files

    recorded = files("ohmic") / "libtorch_folder.txt"
    global _folder
    _folder = recorded.read_text().strip()
    package = _package(getattr(torch, "__file__", None))
    if package is not None and not _inside(_folder, package):
        _refuse(package)


def _package(file):
    """The folder of a package by its file; None for a namespace, which loads nothing."""
    return os.path.dirname(file) if file else None


class _Refusal(importlib.abc.Loader):
    """Loads nothing: a torch with another LibTorch may be looked for, but not imported."""

    def __init__(self, package):
        self.package = package

    def create_module(self, spec):
        _refuse(self.package)

    def exec_module(self, module):
        _refuse(self.package)


class _Watch(importlib.abc.MetaPathFinder):
    """Looks at torch before it is imported after ohmic."""

    def find_spec(self, name, path=None, target=None):
        if name != "torch":
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                package = _package(spec.origin if spec.has_location else None)
                if package is not None and not _inside(_folder, package):
                    spec.loader = _Refusal(package)
                return spec
        return None


def watch(folder):
    """From here on a torch with another LibTorch than that in `folder` is refused."""
    global _folder
    _folder = folder
    sys.meta_path.insert(0, _Watch())


def module():
    """torch, which must be the one that ohmic was built with."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ImportError("ohmic.from_torch needs torch in this environment, and an ohmic that was "
                          "built with it") from error
    return torch
