"""``bin/headrace bench --fuzz``: a campaign of bad input against everything that headrace parses.

It is the tests ``test_bad_input.py`` with many times as many cases, other ones for another seed.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.settings import Settings

_PROPERTY = re.compile(r"^@fuzzed\(\s*(\d+)", re.MULTILINE)
_TIMES, _RESULTS = "HEADRACE_BAD_INPUT_TIMES", "HEADRACE_BAD_INPUT_RESULTS"
_SHARED = "/dev/shm"
_HEADER = ("parser", "properties", "cases", "seconds", "findings")


@dataclass(frozen=True)
class Tried:
    """One property of a parser.

    Attributes:
        failure: the smallest case that breaks it, as pytest tells it; empty for none.
    """

    parser: str
    property: str
    cases: int
    seconds: float
    failure: str


def campaign(settings: Settings, cases: int, seed: int) -> int:
    """Try at least so many cases, print a table and what was found; 1 if anything was."""
    files = sorted((settings.project / "tests" / "unit").glob("**/test_bad_input.py"))
    folder = settings.home / "bench" / time.strftime("fuzz-%Y%m%dT%H%M%S")
    folder.mkdir(parents=True)
    log = folder / "log"
    print(f"{len(files)} files of properties, output goes to {log}", file=sys.stderr, flush=True)
    command = [str(settings.project / "bin" / "headrace"), "test", "-q"]
    command += ["-p", "tests.bad_input.counting", f"--hypothesis-seed={seed}"]
    times = math.ceil(cases / sum(map(cases_of, files)))
    with tempfile.TemporaryDirectory(prefix="headrace-fuzz-", dir=_memory()) as scratch:
        environ = {**os.environ, "TMPDIR": scratch, _TIMES: str(times), _RESULTS: scratch}
        with log.open("ab") as output, ThreadPoolExecutor() as threads:

            def run(several: Sequence[Path]) -> int:
                return subprocess.run(
                    [*command, *map(str, several)],
                    cwd=settings.project,
                    env=environ,
                    stdout=output,
                    stderr=output,
                    check=False,
                ).returncode

            failed = any(list(threads.map(run, by_side(files))))
        results = [json.loads(file.read_text()) for file in Path(scratch).glob("*.json")]
        ended = [file.read_text(errors="replace") for file in Path(scratch).glob("*.case")]
    tried = [Tried(**one) for several in results for one in several]
    print(table(tried))
    for one in tried:
        if one.failure:
            print(f"\n{one.parser}: {one.property}\n{one.failure}")
    for case in ended:
        print(f"\nA process of the tests was ended, see {log}, by this case:\n{case}")
    if failed and not any(one.failure for one in tried):
        print(f"headrace bench: the tests did not run to their end: {log}", file=sys.stderr)
    return EXIT_FAILED if failed else EXIT_DONE


def by_side(files: Sequence[Path]) -> list[list[Path]]:
    """The files of each environment, whose tests can be run at once."""
    from tests.sides import TFX_SIDE  # which needs pytest

    of_tfx = [file for file in files if not TFX_SIDE.isdisjoint(file.parents)]
    return [of_tfx, [file for file in files if file not in of_tfx]]


def _memory() -> str | None:
    """Where files cost no disk: most cases are one, which a disk would be asked to keep."""
    return _SHARED if os.access(_SHARED, os.W_OK) else None


def cases_of(file: Path) -> int:
    """How many cases the properties of a file have when they are run as tests."""
    return sum(map(int, _PROPERTY.findall(file.read_text(encoding="utf-8"))))


def table(tried: Sequence[Tried]) -> str:
    """A line for each parser, and one for all."""
    parsers: dict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        parsers[one.parser].append(one)
    lines = [_HEADER, *(_line(name, parsers[name]) for name in sorted(parsers))]
    lines.append(_line("all", tried))
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADER))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _line(name: str, tried: Sequence[Tried]) -> tuple[str, ...]:
    return (
        name,
        str(len(tried)),
        f"{sum(one.cases for one in tried):,}",
        f"{sum(one.seconds for one in tried):.0f}",
        str(sum(bool(one.failure) for one in tried)),
    )
