"""A sound store has the auditor say nothing; each way to break it has it complain of that."""

import contextlib
import gzip
import os
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.faults.auditor import Claim, Rule, audit, completed
from tests.faults.contents import EMPTY, digest, records
from tests.faults.scene import Digests, Scene, described, look
from tests.faults.store import read_sqlite
from tests.processes import processes_with

STORE = Path(__file__).parents[1] / "data" / "stores" / "2026-11.sql"
PLACE = "/srv/headrace"
TEXT = "ha-0.5-ha-0.5-"
MADE = "artifacts/tiny/Make/text/1/value"


class Case:
    """A real store, with the files that its artifacts have, and what may be done to both."""

    def __init__(self, place: Path) -> None:
        self.place, self.database = place, place / "metadata.sqlite"
        self.temporary, self.home = place / "tmp", place / "home"
        for directory in (self.temporary, self.home):
            directory.mkdir()
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(STORE.read_text().replace(PLACE, str(place)))
        self.file = place / MADE
        self.file.parent.mkdir(parents=True)
        self.file.write_text(TEXT)
        # The fixture has one execution that its headrace had left open.
        self.sql("update Execution set last_known_state = 3 where id = 8")
        self.claim = Claim("first", True, {"Make": {"text": digest(self.file)}, "Use": {}})
        self.claim = replace(self.claim, kept=completed(self.scene()))

    def sql(self, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def scene(self) -> Scene:
        root = self.place / "artifacts" / "tiny"
        return look(
            read_sqlite(self.database), [root], [self.temporary], [self.home], [], Digests()
        )

    def rules(self) -> set[Rule]:
        return {complaint.rule for complaint in audit(self.scene(), self.claim)}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_sound_store_is_not_complained_of(case: Case) -> None:
    assert audit(case.scene(), case.claim) == []
    assert len(case.claim.kept) == 1


A_SECOND_EXECUTION = (
    "insert into Execution values (9, 13, 3, 'again', null, 1, 1)",
    "insert into Association (context_id, execution_id)"
    " select context_id, 9 from Association where execution_id = 1",
)


@pytest.mark.parametrize(
    ("statements", "rule"),
    [
        (A_SECOND_EXECUTION, Rule.ONE_EXECUTION),
        (
            [
                "insert into ExecutionProperty (execution_id, name, is_custom_property, int_value)"
                " values (2, 'headrace_superseded', 1, 1)",
                "update Execution set last_known_state = 2 where id = 2",
            ],
            Rule.ONE_EXECUTION,
        ),
        (["update Execution set last_known_state = 2 where id = 2"], Rule.NOTHING_OPEN),
        (["update Execution set last_known_state = 1 where id = 2"], Rule.NOTHING_OPEN),
        (["delete from ExecutionProperty where name = 'headrace_error'"], Rule.A_REASON),
        (["update Artifact set state = 5"], Rule.OUTPUTS_WHOLE),
        (["update Artifact set state = 1"], Rule.OUTPUTS_WHOLE),
        (["delete from Event where execution_id = 1"], Rule.OUTPUTS_WHOLE),
        (
            [
                "insert into Artifact select 2, type_id, uri, 2, null, null, 1, 1 from Artifact",
                "insert into Event values (90, 2, 1, 4, 1)",
                "insert into EventPath values (90, 0, null, 'text')",
            ],
            Rule.OUTPUTS_WHOLE,
        ),
        (
            ["insert into Artifact select 2, type_id, uri, 2, null, null, 1, 1 from Artifact"],
            Rule.NOTHING_HALF,
        ),
        (["delete from Event where type = 4"], Rule.NOTHING_HALF),
        (
            ["update Execution set last_known_state = 4 where id in (1, 3, 5, 7)"],
            Rule.NOTHING_HALF,
        ),
        (["update Execution set last_known_state = 6 where id = 2"], Rule.ALL_THERE),
        (["delete from Association where execution_id = 1"], Rule.ALL_THERE),
        (["delete from Artifact", "delete from Event"], Rule.NOTHING_LOST),
    ],
)
def test_a_broken_store_is_complained_of(case: Case, statements: list[str], rule: Rule) -> None:
    case.sql(*statements)
    assert rule in case.rules()


def test_an_execution_may_supersede_one_that_had_ended(case: Case) -> None:
    case.sql(
        *A_SECOND_EXECUTION,
        "insert into ExecutionProperty (execution_id, name, is_custom_property, int_value)"
        " values (1, 'headrace_superseded', 1, 1)",
    )
    assert Rule.ONE_EXECUTION not in case.rules()


def test_an_open_execution_whose_process_is_dead_is_told_from_one_that_runs(case: Case) -> None:
    stat = Path("/proc/self/stat").read_text()
    started = int(stat.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    ours = f'{{"process": {{"pid": {os.getpid()}, "started": {started}}}}}'
    case.claim = replace(case.claim, ended_well=False)
    for process, complaints in (
        (ours, set()),
        (ours.replace(str(started), "1.0"), {Rule.NOTHING_OPEN}),
        ('{"process": {"pid": 999999999, "started": 1.0}}', {Rule.NOTHING_OPEN}),
    ):
        case.sql(
            "delete from ExecutionProperty where execution_id = 2 and name = 'headrace_process'",
            "insert into ExecutionProperty (execution_id, name, is_custom_property, string_value)"
            f" values (2, 'headrace_process', 1, '{process}')",
            "update Execution set last_known_state = 2 where id = 2",
        )
        assert case.rules() == complaints


def test_an_output_without_files_is_whole_only_where_an_undisturbed_one_has_none(
    case: Case,
) -> None:
    case.file.unlink()
    case.file.mkdir()
    for expected, complaints in (
        (EMPTY, set()),
        ("", {Rule.OUTPUTS_WHOLE}),
        ("0123456789abcdef", {Rule.OUTPUTS_WHOLE}),
    ):
        case.claim = Claim("first", True, {"Make": {"text": expected}, "Use": {}})
        assert case.rules() == complaints
    case.file.rmdir()
    case.claim = Claim("first", True, {"Make": {"text": EMPTY}, "Use": {}})
    assert case.rules() == {Rule.OUTPUTS_WHOLE}


def _remove(case: Case) -> None:
    case.file.unlink()


def _cut_short(case: Case) -> None:
    case.file.write_text(TEXT[:-1])


def _dead_output(case: Case) -> None:
    (case.place / "artifacts/tiny/Make/text/99").mkdir()


def _dead_state(case: Case) -> None:
    (case.place / "artifacts/tiny/Use/.system/stateful_working_dir/x").mkdir(parents=True)


def _dead_executor(case: Case) -> None:
    (case.place / "artifacts/tiny/Use/.system/executor_execution/99").mkdir(parents=True)


def _temporary(case: Case) -> None:
    (case.temporary / "headrace-1-2-x").mkdir()


def _aside(case: Case) -> None:
    (case.home / ".run.json.k3_9xab2").touch()


def _damage(case: Case) -> None:
    content = bytearray(case.database.read_bytes())
    content[8192:12288] = bytes(range(256)) * 16
    case.database.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (_remove, Rule.OUTPUTS_WHOLE),
        (_cut_short, Rule.OUTPUTS_WHOLE),
        (_cut_short, Rule.NOTHING_LOST),
        (_dead_output, Rule.NO_DIRECTORY),
        (_dead_state, Rule.NO_DIRECTORY),
        (_dead_executor, Rule.NO_DIRECTORY),
        (_temporary, Rule.NO_LEFTOVER),
        (_aside, Rule.NO_LEFTOVER),
        (_damage, Rule.SOUND),
    ],
)
def test_what_is_wrong_on_disk_is_complained_of(
    case: Case, harm: Callable[[Case], None], rule: Rule
) -> None:
    harm(case)
    assert rule in case.rules()


def test_what_tfx_keeps_of_an_execution_that_has_completed_is_no_leftover(case: Case) -> None:
    (case.place / "artifacts/tiny/Make/.system/executor_execution/1").mkdir(parents=True)
    assert case.rules() == set()


@pytest.fixture
def marked(tmp_path: Path) -> Iterator[psutil.Process]:
    command = [sys.executable, "-c", "input()"]
    environ = {**os.environ, "OF_THE_CAMPAIGN": str(tmp_path)}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE) as process:
        yield psutil.Process(process.pid)


def test_processes_and_jobs_that_are_left_are_complained_of(
    case: Case, marked: psutil.Process, tmp_path: Path
) -> None:
    found: list[psutil.Process] = []
    deadline = time.monotonic() + 30
    while not found and time.monotonic() < deadline:  # until it has its own environment
        found = processes_with(f"OF_THE_CAMPAIGN={tmp_path}")
    assert found == [marked]
    left = replace(case.scene(), processes=(described(marked),), flink=("job 7 is RUNNING",))
    told = {str(complaint) for complaint in audit(left, case.claim)}
    assert told == {
        f"{Rule.NO_PROCESS.value}: {described(marked)}",
        f"{Rule.NO_JOB.value}: job 7 is RUNNING",
    }


def _shard(*contents: bytes) -> bytes:
    framed = [struct.pack("<QI", len(it), 0) + it + bytes(4) for it in contents]
    return gzip.compress(b"".join(framed))


def test_records_are_the_same_in_any_order_and_number_of_files(tmp_path: Path) -> None:
    for name, shards in {"a": [(b"1", b"2"), (b"3",)], "b": [(b"3", b"1", b"2")]}.items():
        for number, shard in enumerate(shards):
            file = tmp_path / name / "Split-train" / f"data-{number}.gz"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_shard(*shard))
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    (tmp_path / "b" / "Split-train" / "data-0.gz").write_bytes(_shard(b"3", b"1"))
    assert digest(tmp_path / "a") != digest(tmp_path / "b")


def _example(*features: bytes) -> bytes:
    inner = b"".join(bytes([0x0A, len(it)]) + it for it in features)
    return bytes([0x0A, len(inner)]) + inner


def test_examples_are_the_same_in_any_order_of_their_features(tmp_path: Path) -> None:
    digests = []
    for features in ((b"a=1", b"b=2"), (b"b=2", b"a=1"), (b"a=2", b"b=1")):
        (tmp_path / "data.gz").write_bytes(_shard(_example(*features)))
        digests.append(digest(tmp_path))
    assert digests[0] == digests[1] != digests[2]


def test_a_file_that_ends_too_early_is_told(tmp_path: Path) -> None:
    file = tmp_path / "data.gz"
    file.write_bytes(_shard(b"1", b"2"))
    assert list(records(file)) == [b"1", b"2"]
    whole = digest(tmp_path)
    file.write_bytes(_shard(b"1", b"2")[:-6])
    with pytest.raises(ValueError):
        list(records(file))
    assert digest(tmp_path) not in ("", whole)
