import datetime
import os
from pathlib import Path

import pytest

from headrace.airflow.landing import Landing, Pattern
from headrace.errors import UsageError

NOW = datetime.datetime(2013, 1, 10, 12, tzinfo=datetime.timezone.utc).timestamp()
SETTLE = 30.0


def put(directory: Path, name: str, text: str = "a\n1\n", age: float = 3600) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (NOW - age, NOW - age))
    return path


def landing(directory: Path, pattern: str = "{YYYY}{MM}{DD}", since: str = "") -> Landing:
    return Landing(directory, Pattern(pattern), since, SETTLE)


def settled(found: Landing) -> list[str]:
    """What has arrived after nothing has changed for long enough."""
    found.arrived(NOW)
    return found.arrived(NOW + SETTLE)


def test_spans_have_arrived_when_nothing_has_changed_for_a_while(tmp_path: Path) -> None:
    put(tmp_path, "20130105/flights.csv")
    put(tmp_path, "20130104/flights.csv")
    found = landing(tmp_path)
    assert found.arrived(NOW) == []
    assert found.arrived(NOW + SETTLE / 2) == []
    assert found.arrived(NOW + SETTLE) == ["20130104", "20130105"]


def test_one_with_a_mark_of_success_has_arrived_at_once(tmp_path: Path) -> None:
    put(tmp_path, "20130105/flights.csv", age=0)
    put(tmp_path, "20130105/_SUCCESS", "", age=0)
    put(tmp_path, "20130106/_SUCCESS", "", age=0)  # but nothing that was to be read
    assert landing(tmp_path).arrived(NOW) == ["20130105"]


def test_a_file_that_grows_is_not_announced_until_it_rests(tmp_path: Path) -> None:
    found = landing(tmp_path)
    file = put(tmp_path, "20130105/flights.csv", age=SETTLE)
    assert found.arrived(NOW) == []
    file.write_text("a\n1\n2\n")
    os.utime(file, (NOW - SETTLE, NOW - SETTLE))  # as a writer that keeps old times does
    assert found.arrived(NOW + SETTLE) == []
    assert found.arrived(NOW + 2 * SETTLE) == ["20130105"]


def test_a_file_written_just_now_is_not_announced_however_often_it_was_looked_at(
    tmp_path: Path,
) -> None:
    put(tmp_path, "20130105/flights.csv", age=-SETTLE + 1)
    assert settled(landing(tmp_path)) == []


def test_a_writers_clock_that_is_ahead_does_not_hold_a_span_back(tmp_path: Path) -> None:
    put(tmp_path, "20130105/flights.csv", age=-7200)
    assert settled(landing(tmp_path)) == ["20130105"]


@pytest.mark.parametrize("name", [".flights.csv.swp", "flights.csv.tmp", "b.part", "_temporary/b"])
def test_a_file_named_as_unfinished_holds_its_span_back(tmp_path: Path, name: str) -> None:
    put(tmp_path, "20130105/flights.csv")
    put(tmp_path, f"20130105/{name}")
    assert settled(landing(tmp_path)) == []


def test_a_span_that_is_renamed_into_place_arrives_whole(tmp_path: Path) -> None:
    found = landing(tmp_path)
    put(tmp_path, ".20130105/flights.csv")
    assert settled(found) == []
    (tmp_path / ".20130105").rename(tmp_path / "20130105")
    assert settled(found) == ["20130105"]


def test_an_empty_directory_is_no_span(tmp_path: Path) -> None:
    (tmp_path / "20130105").mkdir()
    assert settled(landing(tmp_path)) == []


def test_other_names_earlier_spans_and_dates_to_come_are_passed_over(tmp_path: Path) -> None:
    for name in ("20130103", "20130105", "20130230", "notes", "20130111", "99990101"):
        put(tmp_path, f"{name}/flights.csv")
    assert settled(landing(tmp_path, since="20130104")) == ["20130105"]


def test_spans_may_be_numbers_and_single_files(tmp_path: Path) -> None:
    for name in ("day-10.csv", "day-9.csv", "day-x.csv"):
        put(tmp_path, name)
    assert settled(landing(tmp_path, "day-{SPAN}.csv")) == ["9", "10"]


@pytest.mark.parametrize("name", ["data", "{YYYY}{MM}", "{YYYY}/{MM}/{DD}", "{YYYY}{MM}{DD}{SPAN}"])
def test_a_pattern_that_names_no_span_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be watched"):
        Pattern(name)
