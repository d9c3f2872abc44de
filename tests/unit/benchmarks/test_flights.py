import pytest

from benchmarks.flights import OURS, PEER, PROCESS, Measured, Spent, rows

NODES = {
    "StatisticsGen": 2.0,
    "Transform": 4.0,
    "Evaluator": 5.0,
    "Trainer": 100.0,
    "Pusher": 0.25,
    "SchemaGen": 0.25,
}
MINE = Spent(111.0, {"ColumnarExampleGen": 1.0, **NODES})
THEIRS = Spent(140.0, {"CsvExampleGen": 10.0, **NODES}, process=150.0)


def test_trainer_is_in_no_figure_and_examplegens_are_compared_under_one_name() -> None:
    found = rows([Measured(MINE, MINE, 10**9)], [Measured(THEIRS, THEIRS, 2 * 10**9)])
    medians = {(row.figure, row.subject): row.summary.median for row in found}
    assert medians["all but Trainer, wall (s)", OURS] == 11
    assert medians["all but Trainer, wall (s)", PEER] == 40
    assert medians["all but Trainer, CPU (s)", PROCESS] == 50
    assert medians["ExampleGen, wall (s)", OURS] == 1
    assert medians["ExampleGen, wall (s)", PEER] == 10
    assert medians["other nodes, CPU (s)", OURS] == 0.5
    assert medians["peak memory (MB)", PEER] == 2000
    assert not [row for row in found if row.figure.startswith("Trainer")]


def test_the_peers_rows_say_how_much_of_its_time_ours_takes() -> None:
    found = rows([Measured(MINE, MINE, 10**9)], [Measured(THEIRS, THEIRS, 2 * 10**9)])
    ratios = {(row.figure, row.subject): row.ratio for row in found}
    assert ratios["ExampleGen, wall (s)", OURS] is None
    assert ratios["ExampleGen, wall (s)", PEER] == pytest.approx(0.1)
