import csv
import multiprocessing
from pathlib import Path

from pipelines.penguins import data, features


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_bird_is_staged_with_missing_values_empty(tmp_path: Path) -> None:
    staged = rows(data.stage(tmp_path / "penguins") / data.FILE_NAME)
    original = rows(data.source_file())
    assert len(staged) == 344
    assert sum(row["sex"] == "" for row in staged) == 11
    assert staged == [{k: "" if v == "NA" else v for k, v in row.items()} for row in original]


def test_every_column_has_a_use_or_a_reason_not_to(tmp_path: Path) -> None:
    [row, *_] = rows(data.source_file())
    known = {features.LABEL, *features.NUMERIC, *features.CATEGORICAL, *features.UNUSED}
    assert set(row) == known


def test_staging_again_changes_nothing(tmp_path: Path) -> None:
    root = data.stage(tmp_path / "penguins")
    before = (root / data.FILE_NAME).stat()
    assert data.stage(root) == root
    assert (root / data.FILE_NAME).stat() == before


def test_two_processes_may_stage_at_once(tmp_path: Path) -> None:
    root = tmp_path / "penguins"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=data.stage, args=(root,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert [entry.name for entry in tmp_path.iterdir()] == ["penguins"]
    assert [entry.name for entry in root.iterdir()] == [data.FILE_NAME]
    assert len(rows(root / data.FILE_NAME)) == 344
