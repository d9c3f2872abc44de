import multiprocessing
import stat
from pathlib import Path

import pytest

from headrace.files import exclusive_lock, private_directory, write_atomically


def test_a_write_makes_parents_and_sets_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "secret"
    write_atomically(path, "text", mode=0o600)
    assert path.read_text() == "text"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file_and_nothing_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("headrace.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_private_directory_is_closed_to_others_even_if_it_existed(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir(mode=0o755)
    assert stat.S_IMODE(private_directory(path).stat().st_mode) == 0o700


def _append(lock: Path, log: Path, name: str) -> None:
    with exclusive_lock(lock):
        for _ in range(200):
            with log.open("a") as file:
                file.write(name)


def test_a_lock_keeps_two_processes_apart(tmp_path: Path) -> None:
    lock, log = tmp_path / "lock", tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_append, args=(lock, log, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert log.read_text() in ("a" * 200 + "b" * 200, "b" * 200 + "a" * 200)
