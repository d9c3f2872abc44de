from benchmarks.measure import interleaved
from benchmarks.results import compared


def test_subjects_take_turns_and_the_first_rounds_do_not_count() -> None:
    calls: list[str] = []

    def measure(name: str) -> int:
        calls.append(name)
        return len(calls)

    found = interleaved(
        {"a": lambda: measure("a"), "b": lambda: measure("b")}, repeats=2, uncounted=1
    )
    assert calls == ["a", "b"] * 3
    assert found == {"a": [3, 5], "b": [4, 6]}


def test_the_first_subject_is_compared_with_the_others() -> None:
    [ours, peer] = compared("some", "wall (s)", {"ours": [1.0, 3.0, 2.0], "peer": [4.0]})
    assert (ours.summary.median, ours.summary.low, ours.summary.high) == (2.0, 1.0, 3.0)
    assert ours.ratio is None
    assert peer.ratio == 0.5
