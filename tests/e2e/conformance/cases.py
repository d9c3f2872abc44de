"""What TFX says must become of each node, whoever runs the pipeline."""

from dataclasses import dataclass, field

TARGETS = {
    "conditional": "semantics.py:conditional",
    "nested": "semantics.py:nested",
    "conditional_nested": "semantics.py:conditional_nested",
    "closing": "semantics.py:closing",
    "driver_only": "semantics.py:driver_only",
    "blessed": "resolving.py:blessed",
    "spans": "resolving.py:spans",
    "own_classes": "own_classes.py:own_classes",
    "straight_line": "straight_line/line_pipeline.py:create_pipeline",
}
"""Of the pipelines' names, in tests/data/pipelines."""

RAN, SKIPPED, FAILED, NOT_RUN = "ran", "skipped", "failed", "not run"


@dataclass(frozen=True)
class Case:
    """One run.

    Attributes:
        pipeline: name of the pipeline, whose target is in TARGETS.
        nodes: what becomes of each.
        texts: what artifacts of some nodes say.
        files: patterns of files that must be in an output of some nodes.
    """

    name: str
    pipeline: str
    nodes: dict[str, str]
    parameters: dict[str, int | str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def succeeds(self) -> bool:
        return FAILED not in self.nodes.values()


def _ran(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), RAN)


def _conditional(**changes: str) -> dict[str, str]:
    names = ("Count", "Base", "Taken", "Inner", "Needs", "May", "AfterAll")
    return dict.fromkeys(names, RAN) | changes


NESTED = dict.fromkeys(
    (
        "Write",
        "outer.outer_begin",
        "outer.Append",
        "outer.Alone",
        "outer.innermost.innermost_begin",
        "outer.innermost.Deep",
        "outer.innermost.innermost_end",
        "outer.outer_end",
        "Last",
    ),
    RAN,
)
GUARDED = ("guarded.guarded_begin", "guarded.Append", "guarded.Alone", "guarded.guarded_end")

CASES = (
    Case(
        "a condition that does not hold skips its nodes and those that need their outputs",
        "conditional",
        _conditional(Taken=SKIPPED, Inner=SKIPPED, Needs=SKIPPED),
        {"count": 0},
        {"May": "base and nothing", "AfterAll": "after"},
    ),
    Case(
        "a condition inside of one that holds",
        "conditional",
        _conditional(Inner=SKIPPED, Needs=SKIPPED),
        {"count": 1},
        {"Taken": "base taken", "May": "base and nothing"},
    ),
    Case(
        "conditions that hold",
        "conditional",
        _conditional(),
        {"count": 2},
        {"Needs": "base taken inner needed", "May": "base and base taken inner"},
    ),
    Case(
        "pipelines in pipelines",
        "nested",
        NESTED,
        {"word": "begin", "deep": "down"},
        {"outer.innermost.Deep": "begin outer down", "Last": "begin outer down end"},
    ),
    Case(
        "a failure in a sub-pipeline stops what comes after the sub-pipeline",
        "nested",
        dict.fromkeys(NESTED, NOT_RUN) | {"Write": FAILED},
        {"word": "fail"},
    ),
    Case(
        "a condition around a pipeline that does not hold",
        "conditional_nested",
        dict.fromkeys((*GUARDED, "Last"), SKIPPED) | {"Count": RAN, "Write": RAN},
        {"count": 0},
    ),
    Case(
        "a condition around a pipeline that holds",
        "conditional_nested",
        dict.fromkeys((*GUARDED, "Last", "Count", "Write"), RAN),
        {"count": 1},
        {"Last": "given appended end"},
    ),
    Case(
        "a last node after successes",
        "closing",
        {"Write": RAN, "Append": RAN, "Close": RAN},
        texts={"Close": "closed"},
    ),
    Case(
        "a last node after a failure runs, and the run has failed",
        "closing",
        {"Write": FAILED, "Append": NOT_RUN, "Close": RAN},
        {"word": "fail"},
        {"Close": "closed"},
    ),
    Case(
        "importers and resolvers",
        "driver_only",
        {"Word": RAN, "Latest": RAN, "Append": RAN},
        texts={"Append": "imported found"},
    ),
    Case(
        "the latest blessed model is found, not the newest, and none before there is one",
        "blessed",
        _ran("Before TellBefore Good Bad JudgeGood JudgeBad After TellModel"),
        texts={"TellBefore": "none", "TellModel": "good"},
    ),
    Case(
        "spans: the newest, one that a node chooses, and resolvers of the newest one and two",
        "spans",
        _ran("ChooseSpan Newest First One Two TellOne TellTwo"),
        texts={"TellOne": "2", "TellTwo": "1 2"},
    ),
    Case(
        "executor and driver of one's own, and Beam arguments of the pipeline and of one node",
        "own_classes",
        _ran("Own Other"),
        texts={"Own": "own driven everywhere here", "Other": "other driven everywhere"},
    ),
    Case(
        "Keras from Tuner to Pusher, user code by module_file and by module and function",
        "straight_line",
        _ran(
            "CsvExampleGen ImportSchemaGen Tuner Trainer Trainer.by_function Evaluator"
            " BulkInferrer Pusher"
        ),
        files={
            "ImportSchemaGen": "schema.pbtxt",
            "Tuner": "best_hyperparameters.txt",
            "Trainer": "Format-Serving/saved_model.pb",
            "Trainer.by_function": "Format-Serving/saved_model.pb",
            "Evaluator": "BLESSED",
            "BulkInferrer": "*.gz",
            "Pusher": "saved_model.pb",
        },
    ),
)
