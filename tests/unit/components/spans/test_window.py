import pytest
from tfx import types

from headrace.components.spans import SpanWindow


def window(mlmd_store, spans: int, own: int, history: list[int], **options) -> list[int]:
    """The spans of the window of a run whose examples are the artifact ``own``."""
    found = SpanWindow(spans, **options).resolve_artifacts(
        mlmd_store.store,
        {
            "examples": [mlmd_store.artifact(own)],
            "window": [mlmd_store.artifact(one) for one in history],
        },
    )
    return [artifact.id for artifact in found["window"]]


def read(mlmd_store, *spans: int) -> list[int]:
    return [
        mlmd_store.execution("Gen", {}, {"examples": "Examples"}, {"span": span})[0]
        for span in spans
    ]


def test_the_window_is_the_last_spans_oldest_first(mlmd_store):
    ids = read(mlmd_store, 11, 10, 13, 12)
    assert window(mlmd_store, 3, ids[2], ids) == [ids[0], ids[3], ids[2]]


def test_it_is_shorter_where_the_data_begin_later(mlmd_store):
    ids = read(mlmd_store, 12, 13)
    assert window(mlmd_store, 7, ids[1], ids) == ids
    assert window(mlmd_store, 7, ids[0], [ids[0]]) == [ids[0]]


def test_it_ends_with_the_runs_own_span_also_when_later_ones_are_known(mlmd_store):
    ids = read(mlmd_store, 10, 11, 12, 13)
    assert window(mlmd_store, 2, ids[1], ids) == ids[:2]


def test_a_span_that_was_read_twice_counts_once_as_it_was_read_last(mlmd_store):
    first, old, new, own = read(mlmd_store, 10, 11, 11, 12)
    assert window(mlmd_store, 3, own, [own, new, old, first]) == [first, new, own]


def test_the_runs_own_examples_are_used_even_if_the_span_was_read_again(mlmd_store):
    first, own, again = read(mlmd_store, 10, 11, 11)
    assert window(mlmd_store, 2, own, [first, own, again]) == [first, own]


def test_a_span_missing_in_the_middle_is_told_with_its_date(mlmd_store):
    ids = read(mlmd_store, 15706, 15707, 15710)
    with pytest.raises(ValueError) as caught:
        window(mlmd_store, 5, ids[-1], ids)
    message = str(caught.value)
    assert "15708 (2013-01-03), 15709 (2013-01-04) missing" in message
    assert "backfill" in message
    assert "\n" not in message  # of a failed resolver TFX keeps the last line


def test_a_missing_span_may_be_allowed(mlmd_store):
    ids = read(mlmd_store, 10, 12)
    assert window(mlmd_store, 3, ids[1], ids, allow_missing=True) == ids


def test_a_span_that_an_anomaly_gate_has_set_aside_is_not_in_the_window_and_not_missing(mlmd_store):
    first, bad, read_again, own = read(mlmd_store, 10, 11, 11, 12)

    def verdict(examples: int, blessed: int) -> types.Artifact:
        [made] = mlmd_store.execution(
            "Gate", {}, {"b": "DataBlessing"}, {"blessed": blessed, "examples_id": examples}
        )
        return mlmd_store.artifact(made)

    def found(*verdicts: types.Artifact, known: list[int]) -> list[int]:
        inputs = {
            "examples": [mlmd_store.artifact(own)],
            "window": [mlmd_store.artifact(one) for one in known],
            "blessing": list(verdicts),
        }
        resolved = SpanWindow(3).resolve_artifacts(mlmd_store.store, inputs)
        return [artifact.id for artifact in resolved["window"]]

    aside = verdict(bad, 0)
    assert found(aside, known=[first, bad, own]) == [first, own]
    assert found(aside, known=[first, bad, read_again, own]) == [first, read_again, own]
    assert found(aside, verdict(bad, 1), known=[first, bad, own]) == [first, bad, own]


def test_an_empty_window_and_one_without_length_are_refused(mlmd_store):
    with pytest.raises(ValueError, match="at least 1 span, not 0"):
        SpanWindow(0)
    with pytest.raises(ValueError, match="an empty window"):
        SpanWindow(1).resolve_artifacts(mlmd_store.store, {"examples": [], "window": []})


def test_examples_without_a_span_are_refused_by_name(mlmd_store):
    [examples] = mlmd_store.execution("Gen", {}, {"examples": "Examples"})
    with pytest.raises(ValueError, match=r"/Examples/1\) have no span"):
        window(mlmd_store, 1, examples, [examples])
