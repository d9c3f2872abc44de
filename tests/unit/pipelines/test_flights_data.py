import csv
import io
import multiprocessing
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from pipelines.flights import data, features

NO_ARRIVAL = ("", "NA")


def original_rows(source: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(source) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(data.FILE_NAME).decode())))


def rows(root: Path) -> list[dict[str, str]]:
    with (root / data.FILE_NAME).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every 100th of the package's rows, zipped as the package has them."""
    with zipfile.ZipFile(data.source_file()) as archive:
        header, *lines = archive.read(data.FILE_NAME).splitlines(keepends=True)
    path = tmp_path_factory.mktemp("few") / "few.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(data.FILE_NAME, b"".join([header, *lines[::100]]))
    return path


def test_every_flight_with_a_known_arrival_is_prepared_with_its_label() -> None:
    late = Counter(row[-1] for row in data.flights(data.source_file()))
    assert late == {"0": 336_776 - 9_430 - 80_100, "1": 80_100}


def test_values_are_the_sources_own(few: Path, tmp_path: Path) -> None:
    arrived = [row for row in original_rows(few) if row["arr_delay"] not in NO_ARRIVAL]
    prepared = rows(data.stage(tmp_path, source=few))
    assert len(prepared) == len(arrived) > 3000
    for row, original in zip(prepared, arrived, strict=True):
        assert {name: row[name] for name in data.KEPT} == {
            name: original[name] for name in data.KEPT
        }
        assert row["late"] == str(int(int(original["arr_delay"]) >= 15))
        assert [int(part) for part in row["date"].split("-")] == [
            int(original[name]) for name in ("year", "month", "day")
        ]


def test_nothing_known_only_after_departure_is_in_the_data() -> None:
    assert not set(features.LEAKS) & set(data.HEADER)


def test_every_column_has_a_use_or_a_reason_not_to(few: Path) -> None:
    groups = (features.USED, features.UNUSED, features.REDUNDANT, features.LEAKS)
    named = [name for group in groups for name in group]
    assert sorted(original_rows(few)[0]) == sorted(named)


def test_a_redundant_column_says_nothing_new(few: Path) -> None:
    for row in original_rows(few):
        assert int(row["sched_dep_time"]) == 100 * int(row["hour"]) + int(row["minute"])


def test_a_sample_is_spread_over_the_year_and_the_same_each_time(few: Path, tmp_path: Path) -> None:
    sample = rows(data.stage(tmp_path / "a", 1000, few))
    assert len(sample) == 1000
    assert {row["month"] for row in sample} == {str(month) for month in range(1, 13)}
    assert sample == rows(data.stage(tmp_path / "b", 1000, few))


def test_samples_of_other_sizes_are_kept_apart(few: Path, tmp_path: Path) -> None:
    assert [len(rows(data.stage(tmp_path, count, few))) for count in (10, 20, 10)] == [10, 20, 10]


@pytest.mark.parametrize("count", [0, -1, 327_347])
def test_an_impossible_sample_is_an_error_that_leaves_nothing_behind(
    few: Path, tmp_path: Path, count: int
) -> None:
    with pytest.raises(ValueError, match=f"not {count}"):
        data.stage(tmp_path, count, few)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_preparing_again_changes_nothing(few: Path, tmp_path: Path) -> None:
    staged = data.stage(tmp_path, source=few) / data.FILE_NAME
    before = staged.stat()
    data.stage(tmp_path, source=few)
    assert (staged.stat().st_ino, staged.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_with_other_columns_is_replaced(few: Path, tmp_path: Path) -> None:
    staged = data.stage(tmp_path, source=few) / data.FILE_NAME
    good = staged.read_bytes()
    staged.write_text("year,late\n2013,1\n")
    data.stage(tmp_path, source=few)
    assert staged.read_bytes() == good


def test_two_processes_may_prepare_at_once(few: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=data.stage, args=(tmp_path, 100, few)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["sample-100"]
    assert len(rows(tmp_path / "sample-100")) == 100


def test_days_are_directories_that_hold_the_very_flights(few: Path, tmp_path: Path) -> None:
    days = data.stage_days(tmp_path, source=few)
    assert data.stage_days(tmp_path, source=few) == days
    assert [path.name for path in tmp_path.iterdir()] == ["days"]
    by_day = {path.name: rows(path) for path in days.iterdir()}
    assert len(by_day) > 350
    for name, flights in by_day.items():
        assert {flight["date"].replace("-", "") for flight in flights} == {name}
    whole = rows(data.stage(tmp_path, source=few))
    assert sum(map(len, by_day.values())) == len(whole)
