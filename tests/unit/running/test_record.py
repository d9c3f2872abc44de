import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.running import record as records
from headrace.running.record import RunRecord


def test_a_record_is_read_as_it_was_written_and_is_the_users_only(tmp_path: Path) -> None:
    record = RunRecord("r", "/p.py:f", "p", {"n": 3, "flag": True}, "direct", ["A"], [], "old")
    records.write_record(tmp_path, record)
    assert records.read_record(tmp_path) == record
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600


def test_no_record_is_none_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    assert records.read_record(tmp_path) is None
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(HeadraceError, match=r"run\.json"):
        records.read_record(tmp_path)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 151])
def test_a_run_id_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a run id"):
        records.run_directory(tmp_path, name)


def test_new_run_ids_differ_and_are_valid(tmp_path: Path) -> None:
    made = {records.new_run_id() for _ in range(50)}
    assert len(made) == 50
    assert all(records.run_directory(tmp_path, name).name == name for name in made)


def test_a_run_is_one_processes_at_a_time(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from headrace.running.record import owned\n"
        "with owned(Path(sys.argv[1])):\n    print('mine', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "mine\n"
    with (
        pytest.raises(UsageError, match=f"running already, in process {holder.pid}"),
        records.owned(tmp_path / "run"),
    ):
        pass
    holder.kill()
    holder.communicate()
    with records.owned(tmp_path / "run"):
        pass


def test_only_the_newest_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_KEPT", 2)
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    records.forget_old_runs(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["middle", "new"]


def test_a_run_that_goes_on_is_not_forgotten_however_many_are_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_KEPT", 1)
    for name in ("ended", "goes-on"):
        with records.owned(tmp_path / name):
            pass
        os.utime(tmp_path / name, (1000, 1000))
    (tmp_path / "new").mkdir()
    with records.owned(tmp_path / "goes-on"):
        records.forget_old_runs(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["goes-on", "new"]
