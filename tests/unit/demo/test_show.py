import pytest

from headrace.demo.following import RunOutcome, TaskOutcome
from headrace.demo.show import Screen, print_outcome

RESULT = {"cached": False, "peak_memory_bytes": 412_000_000}
DONE = TaskOutcome("Make", "success", 1, 2.25, RESULT)
CACHED = TaskOutcome("Use", "success", 1, 0.5, {**RESULT, "cached": True})
FAILED = TaskOutcome("Push", "failed", 2, 1.0)


def test_the_outcome_in_a_pipe_is_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    run = RunOutcome("birds", "r1", "failed", 9.04, (DONE, CACHED, FAILED))
    print_outcome(run, {})
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "",
        "DAG run r1 of birds: failed, 9.0 s",
        "  node  state    time   peak memory  cached",
        "  Make  success  2.2 s  412 MB       no",
        "  Use   success  0.5 s  412 MB       yes",
        "  Push  failed   1.0 s",
    ]


def test_metrics_the_model_and_predictions_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    report = {
        "metrics": {
            "Overall (model)": {"auc": 0.98765, "example_count": 140.0},
            "Overall (base_rate)": {"auc": 0.5},
            "island=Dream (model)": {"example_count": 1.0},
        },
        "blessed": False,
        "pushed_model": "/serving/1",
        "predictions": [{"row": {"sex": "male"}, "prediction": {"species": "Gentoo"}}],
    }
    print_outcome(RunOutcome("birds", "r1", "success", 1.0, (DONE,)), report)
    out = capsys.readouterr().out
    assert "(NOT blessed)" in out
    lines = [line.rstrip() for line in out.splitlines()]
    first = lines.index("  slice                 auc     example_count")
    assert lines[first + 1 : first + 4] == [
        "  Overall (model)       0.9877  140",
        "  Overall (base_rate)   0.5000",
        "  island=Dream (model)          1.0000",
    ]
    assert "pushed model: /serving/1" in out
    assert "sex=male\n  says  {'species': 'Gentoo'}" in out


def test_progress_in_a_pipe_is_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    waiting = TaskOutcome("Use", "waiting", 0)
    screen.tasks([DONE, waiting])
    screen.tasks([DONE, waiting])
    screen.tasks([DONE, CACHED])
    screen.close()
    assert capsys.readouterr().err.splitlines() == [
        "  Make: success (2.2 s, 412 MB)",
        "  Use: success (0.5 s, 412 MB, from the cache)",
    ]
