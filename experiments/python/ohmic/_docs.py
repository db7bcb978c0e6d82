"""Docstrings that end in what parameters are declared with, as `ohmic describe` has it."""

from ohmic import _ohmic


def _dedented(text):
    """As inspect.cleandoc, without its import."""
    return "\n".join(line[4:] if line.startswith("    ") else line for line in text.split("\n"))


class Keys:
    """The docstring of a class with the keys of tables, read when somebody asks for it."""

    def __init__(self, text, *tables):
        self._text, self._tables = text, list(tables)

    def __get__(self, instance, owner):
        return _dedented(self._text or "") + "\n\nKeys:\n\n" + _ohmic.keys(self._tables)


def options(**keys):
    """Decorates a function whose options are keys of experiment files."""
    def declare(function):
        lines = [f"{name} = {_ohmic.keys([key])}" for name, key in keys.items()]
        function.__doc__ = (_dedented(function.__doc__ or "") +
                            "\n\nOptions that are keys of experiment files:\n\n" + "".join(lines))
        return function
    return declare
