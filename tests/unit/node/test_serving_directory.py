"""Versions of a model, with readers and other pushes at the same time."""

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from headrace.errors import HeadraceError
from headrace.node.serving_directory import ServingDirectory

FILES = 40


def push(path: Path, word: str) -> Path:
    directory = ServingDirectory(path)
    with directory.pushing() as aside:
        model = aside / "model"
        (model / "variables").mkdir(parents=True)
        for number in range(FILES):
            (model / "variables" / str(number)).write_text(word)
        (model / "saved_model.pb").write_text(word)
        return directory.publish(model)


def push_some(path: str, word: str) -> None:
    for _ in range(10):
        push(Path(path), word)


def words(version: Path) -> set[str]:
    files = [item for item in version.rglob("*") if item.is_file()]
    assert len(files) == FILES + 1
    return {item.read_text() for item in files}


def visible(path: Path) -> list[str]:
    return sorted(item.name for item in path.iterdir() if not item.name.startswith("."))


def test_a_reader_that_polls_never_sees_half_a_model(tmp_path: Path) -> None:
    done, seen, broken = threading.Event(), set(), []

    def read() -> None:
        while not done.is_set():
            for name in visible(tmp_path):
                try:
                    seen.add((name, *words(tmp_path / name)))
                except (AssertionError, OSError) as error:
                    broken.append((name, error))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(30):
        push(tmp_path, f"model {number}")
    done.set()
    reader.join()
    assert broken == []
    assert seen


def test_pushes_of_several_processes_are_versions_of_their_own(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    pushers = [
        context.Process(target=push_some, args=(str(tmp_path), word)) for word in ("one", "two")
    ]
    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join()
        assert pusher.exitcode == 0
    versions = ServingDirectory(tmp_path).versions()
    assert len(versions) == 20
    pushed = [words(tmp_path / str(version)) for version in versions]
    assert sorted(map(tuple, pushed)) == [("one",)] * 10 + [("two",)] * 10


def test_the_later_push_is_the_newer_version_also_after_a_clock_went_back(tmp_path: Path) -> None:
    ahead = int(time.time()) + 10_000
    (tmp_path / str(ahead)).mkdir()
    (tmp_path / "notes").mkdir()
    assert push(tmp_path, "a").name == str(ahead + 1)
    assert push(tmp_path, "b").name == str(ahead + 2)
    assert ServingDirectory(tmp_path).versions() == [ahead, ahead + 1, ahead + 2]


def test_what_a_killed_push_has_left_is_hidden_and_goes_with_the_next(tmp_path: Path) -> None:
    started = multiprocessing.get_context("fork").Event()

    def die() -> None:
        with ServingDirectory(tmp_path).pushing() as aside:
            (aside / "half").mkdir()
            started.set()
            time.sleep(600)

    pusher = multiprocessing.get_context("fork").Process(target=die)
    pusher.start()
    assert started.wait(30)
    os.kill(pusher.pid or 0, signal.SIGKILL)
    pusher.join()
    assert visible(tmp_path) == []
    place = push(tmp_path, "whole")
    assert visible(tmp_path) == [place.name]
    assert [item.name for item in tmp_path.iterdir() if item.is_dir()] == [place.name]


def test_a_push_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with ServingDirectory(tmp_path / "new").pushing() as aside:
            (aside / "half").mkdir()
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert visible(tmp_path / "new") == []


def test_servers_of_other_users_may_read_a_version(tmp_path: Path) -> None:
    directory = ServingDirectory(tmp_path)
    with directory.pushing() as aside:
        (aside / "model").mkdir(mode=0o700)
        place = directory.publish(aside / "model")
    (tmp_path / "other").mkdir()
    assert place.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HeadraceError, match="cannot be pushed to"):
        push(tmp_path / "file" / "serving", "a")
