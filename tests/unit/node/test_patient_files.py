"""TFX's file operations on a file system that fails for a moment, at the C library's level.

No file system here can be made to fail so; a library that is preloaded (tests/data/native) has the
kernel's answer replaced, for TensorFlow's own code as for Python's.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "data" / "native" / "flaky_files.c"
COMPILER = shutil.which("cc") or shutil.which("g++")
PROGRAM = """
import ctypes, json, os, shutil, sys
from pathlib import Path
from headrace import retries
from headrace.node.patient_files import retry_files
from headrace.node.serving_directory import ServingDirectory
from apache_beam.io.filesystems import FileSystems
from tfx.dsl.io import fileio

retries.time.sleep = lambda seconds: None
retry_files()
retry_files()
fail = ctypes.CDLL(None).flaky_set
place = sys.argv[1]


def path(name):
    return f"{place}/{name}"


def write(name, text="x"):
    with open(path(name), "w") as file:
        file.write(text)


def written(name):
    with fileio.open(path(name), "w") as file:
        file.write("new")


def made_tree():
    os.makedirs(path("tree/deep"), exist_ok=True)
    write("tree/deep/file")


def pushed():
    served = ServingDirectory(Path(path("served")))
    with served.pushing() as aside:
        (aside / "model").mkdir()
        served.publish(aside / "model")
    return len(served.versions())


CALLS = {
    "push": (lambda: shutil.rmtree(path("served"), ignore_errors=True), pushed, "rename"),
    "read": (lambda: write("a"), lambda: fileio.open(path("a")).read(), "open"),
    "write": (lambda: None, lambda: written("b") or open(path("b")).read(), "open"),
    "exists": (lambda: write("a"), lambda: fileio.exists(path("a")), "access"),
    "listdir": (lambda: write("a"), lambda: "a" in fileio.listdir(place), "opendir"),
    "makedirs": (
        lambda: shutil.rmtree(path("made"), ignore_errors=True),
        lambda: fileio.makedirs(path("made/deep")) or os.path.isdir(path("made/deep")),
        "mkdir",
    ),
    "rename": (
        lambda: write("a"),
        lambda: fileio.rename(path("a"), path("c"), overwrite=True) or os.path.exists(path("c")),
        "rename",
    ),
    "copy": (
        lambda: write("a"),
        lambda: fileio.copy(path("a"), path("d"), overwrite=True) or open(path("d")).read(),
        "open",
    ),
    "remove": (
        lambda: write("e"),
        lambda: fileio.remove(path("e")) or not os.path.exists(path("e")),
        "unlink",
    ),
    "rmtree": (
        made_tree,
        lambda: fileio.rmtree(path("tree")) or not os.path.exists(path("tree")),
        "rmdir",
    ),
    "beam": (lambda: write("a"), lambda: FileSystems.open(path("a")).read().decode(), "open"),
}
told = {}
for name, (prepare, call, part) in CALLS.items():
    for number in map(int, sys.argv[2].split(",")):
        for times in map(int, sys.argv[3].split(",")):
            prepare()
            fail(f"{part}={times}:{number}".encode())
            try:
                said = call()
            except Exception as error:
                said = f"raised {type(error).__name__}"
            fail(b"")
            told[f"{name} {number} {times}"] = said
try:
    fileio.remove(path("never"))
except fileio.NotFoundError:
    told["missing"] = True
print("told", json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each call came to: by its name, the errno, and how often the kernel said that."""
    if COMPILER is None:
        pytest.skip("there is no C compiler")
    place = tmp_path_factory.mktemp("flaky")
    library = place.parent / "flaky.so"
    options = ["-shared", "-fPIC", "-w", "-x", "c", str(SOURCE), "-o", str(library), "-ldl"]
    subprocess.run([COMPILER, *options], check=True)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(place), "5,116,110,28,13", "2,9"],
        env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    [line] = [line for line in done.stdout.splitlines() if line.startswith("told ")]
    return json.loads(line.removeprefix("told "))


def of(told: dict[str, Any], number: int, times: int) -> dict[str, Any]:
    end = f" {number} {times}"
    return {name.removesuffix(end): said for name, said in told.items() if name.endswith(end)}


DONE: dict[str, Any] = {
    **dict.fromkeys(("exists", "listdir", "makedirs", "rename", "remove", "rmtree"), True),
    **dict.fromkeys(("read", "copy", "beam"), "x"),
    "write": "new",
    "push": 1,
}
is_raised: Callable[[Any], bool] = lambda said: str(said).startswith("raised ")  # noqa: E731


@pytest.mark.parametrize("number", [5, 116, 110], ids=["EIO", "ESTALE", "ETIMEDOUT"])
def test_a_file_system_that_fails_twice_is_asked_again(told: dict[str, Any], number: int) -> None:
    assert of(told, number, 2) == DONE


@pytest.mark.parametrize("number", [5, 116, 110], ids=["EIO", "ESTALE", "ETIMEDOUT"])
def test_one_that_goes_on_failing_is_given_up(told: dict[str, Any], number: int) -> None:
    said = of(told, number, 9)
    assert said.pop("exists") is True  # the kernel is asked in another way, too
    assert all(is_raised(item) for item in said.values()), said


@pytest.mark.parametrize("number", [28, 13], ids=["ENOSPC", "EACCES"])
def test_what_will_not_pass_is_told_at_once(told: dict[str, Any], number: int) -> None:
    said = of(told, number, 2)
    assert said.pop("exists") is True
    assert all(is_raised(item) for item in said.values()), said


def test_a_missing_file_is_still_missing(told: dict[str, Any]) -> None:
    assert told["missing"] is True
