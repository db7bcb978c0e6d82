"""Runs the commands of the manual as they stand.

Usage: commands.py PROGRAM [--slow] [--list]

Every block that is fenced as `sh` is run, page by page in order, in a folder of its own where
./ohmic is PROGRAM and the files that the manual speaks of exist. A comment before a block says
otherwise, unseen by readers:

    <!-- commands: slow -->          run with --slow only
    <!-- commands: no, REASON -->    never run

Commands within a line of text are not run; that their subcommands and options exist is checked.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")),
         ROOT / "docs/plugin/README.md"]
BLOCK = re.compile(r"(?:^<!-- commands: (.*?) -->\n)?^```(\w*)\n(.*?)^```", re.S | re.M)
INLINE = re.compile(r"`((?:\./)?ohmic [^`\n]+)`")
LOOKS_LIKE_COMMAND = re.compile(r"^(\./|ohmic |cmake |mpirun |pip |tests/\S+\.sh)", re.M)
STANDS_FOR = [(r"\bWEIGHTS\b", "weights.safetensors"), (r"\bTEST(\.bin)?\b", "test.bin"),
              (r"\bTRAIN(\.bin)?\b", "train.bin"), (r"\bVALUE\b", "0.1")]


def run(command, folder):
    """What a shell says to this command, and its exit status."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def write_images(path, count):
    """CIFAR's records of noisy, flat images that a few steps of training tell apart."""
    noise = random.Random(1)
    with path.open("wb") as file:
        for label in (i % 10 for i in range(count)):
            levels = (60 + 80 * (label >> channel & 1) + 40 * (label >= 8) for channel in range(3))
            pixels = (level + noise.randint(-40, 40) for level in levels for _ in range(1024))
            file.write(bytes([label, *pixels]))


def furnish(folder, program, slow):
    """The files that the manual speaks of."""
    (folder / "ohmic").write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
    (folder / "ohmic").chmod(0o755)
    for name in ("experiments", "docs"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("my.toml", "weights.toml"):
        shutil.copy(ROOT / "tests/docs" / name, folder)
    if slow:
        write_images(folder / "train.bin", 500)
        write_images(folder / "test.bin", 30)
        command = "ohmic run weights.toml && cp runs/weights/training/*/weights.safetensors ."
    else:
        command = ("for name in quickstart eight_bits six_bits; do"
                   " ohmic run my.toml --out runs/$name --set title=$name --set output.report=false; done")
    status, said = run(command, folder)
    if status:
        sys.exit(f"the files for the commands could not be made:\n{said}")


class Options:
    """Subcommands and their options, as --help has them."""

    def __init__(self, program):
        self.program, self.known = program, {}

    def fault(self, command):
        words = command.split()[1:]
        if words[:1] in (["test"], ["site"]) or words[0].startswith("-"):
            return None  # the launcher's
        if words[0] not in self.known:
            done = subprocess.run([self.program, words[0], "--help"], capture_output=True, text=True)
            self.known[words[0]] = done.stdout if done.returncode == 0 else None
        if self.known[words[0]] is None:
            return f"there is no subcommand {words[0]}"
        unknown = [option for option in re.findall(r"(?<= )--[a-z-]+", command)
                   if option not in self.known[words[0]] and option != "--plugin"]
        return f"{words[0]} has no {' '.join(unknown)}" if unknown else None


def main():
    program = str(Path(sys.argv[1]).resolve())
    slow, only_list = "--slow" in sys.argv, "--list" in sys.argv
    options, faults = Options(program), []
    counts = {"run": 0, "slow": 0, "no": 0, "inline": 0}
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        os.environ.update(PATH=f"{work}:{os.environ['PATH']}", OMPI_ALLOW_RUN_AS_ROOT="1",
                          OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMPI_MCA_rmaps_base_oversubscribe="1")
        if not only_list:
            furnish(folder, program, slow)
        for page in PAGES:
            text = page.read_text()
            for match in BLOCK.finditer(text):
                mark, language, command = match.groups()
                place = f"{page.relative_to(ROOT)}:{text[:match.start(3)].count(chr(10)) + 1}"
                if language != "sh":
                    if language in ("", "bash") and LOOKS_LIKE_COMMAND.search(command):
                        faults.append(f"{place}: a command that is not fenced as sh")
                    continue
                kind = (mark or "run").split(",")[0]
                counts[kind] += 1
                if only_list or kind == "no":
                    print(f"{place}: {mark or 'run'}: {command.splitlines()[0]}")
                    continue
                if (kind == "slow") != slow:
                    continue
                if command.startswith("mpirun") and not shutil.which("mpirun"):
                    print(f"{place}: not run, mpirun is not installed")
                    continue
                for pattern, name in STANDS_FOR:
                    command = re.sub(pattern, name, command)
                status, said = run(command, folder)
                print(f"{place}: {'exit status ' + str(status) if status else 'ran'}", flush=True)
                if status:
                    faults.append(f"{place}: exit status {status}\n{command}\n{said[-3000:]}")
            for match in INLINE.finditer(BLOCK.sub("", text)):
                counts["inline"] += 1
                fault = options.fault(match[1])
                if fault:
                    faults.append(f"{page.relative_to(ROOT)}: `{match[1]}`: {fault}")
    print(f"{counts['run']} blocks run by default, {counts['slow']} slow, {counts['no']} not run; "
          f"{counts['inline']} commands within text")
    sys.exit("\n".join(faults) or None)


main()
