"""A view of pipeline options is the one that Beam would make; values are shared between views."""

import argparse

import pytest
from apache_beam.options.pipeline_options import (
    DebugOptions,
    GoogleCloudOptions,
    PipelineOptions,
    StandardOptions,
    TypeOptions,
    WorkerOptions,
)

from headrace.beam.options import remember_options, remembering

remember_options()
BEAMS_OWN = PipelineOptions.view_as.__wrapped__
FLAGS = ["--streaming", "--experiments=a", "--experiments=b", "--unknown=1", "--job_name=x"]
CLASSES = [StandardOptions, TypeOptions, DebugOptions, GoogleCloudOptions, WorkerOptions]


@pytest.mark.parametrize("flags", [[], FLAGS, tuple(FLAGS)])
@pytest.mark.parametrize("cls", CLASSES)
def test_a_view_is_beams(cls, flags) -> None:
    ours, theirs = PipelineOptions(flags), PipelineOptions(flags)
    for _ in range(3):
        one, two = ours.view_as(cls), BEAMS_OWN(theirs, cls)
        assert type(one) is type(two) is cls
        assert dir(one) == dir(two)
        assert str(one) == str(two)
        assert one._flags is ours._flags
        assert one._all_options is ours._all_options
        assert ours._all_options == theirs._all_options
        assert one.get_all_options() == two.get_all_options()


def test_views_share_what_is_set() -> None:
    options = PipelineOptions(["--experiments=a"])
    first = options.view_as(DebugOptions)
    first.experiments.append("b")
    options.view_as(StandardOptions).runner = "Other"
    assert options.view_as(DebugOptions).experiments == ["a", "b"]
    assert options.view_as(DebugOptions).view_as(StandardOptions).runner == "Other"


def test_another_object_with_the_same_flags_has_its_own_values() -> None:
    first, second = PipelineOptions(["--experiments=a"]), PipelineOptions(["--experiments=a"])
    first.view_as(DebugOptions).experiments.append("b")
    assert second.view_as(DebugOptions).experiments == ["a"]
    assert second.view_as(DebugOptions).experiments == ["a"]


def test_arguments_are_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PipelineOptions, "view_as", remembering(BEAMS_OWN))
    options = PipelineOptions(FLAGS)
    options.view_as(TypeOptions)
    parsed = []
    parse = argparse.ArgumentParser.parse_known_args
    monkeypatch.setattr(
        argparse.ArgumentParser,
        "parse_known_args",
        lambda self, *given, **named: parsed.append(self) or parse(self, *given, **named),
    )
    options.view_as(TypeOptions)
    assert not parsed
    options.view_as(WorkerOptions)
    assert len(parsed) == 1


def test_a_class_with_a_beginning_of_its_own_begins_so() -> None:
    class Own(PipelineOptions):
        made = 0

        def __init__(self, flags=None, **kwargs) -> None:
            Own.made += 1
            super().__init__(flags, **kwargs)

    options = PipelineOptions([])
    options.view_as(Own)
    options.view_as(Own)
    assert Own.made == 2
