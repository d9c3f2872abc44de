from pathlib import Path
from types import SimpleNamespace as Namespace

from headrace.flink_runner.facts import (
    JobFacts,
    counters_of,
    distributions_of,
    read_facts,
    write_facts,
)

ONE = JobFacts("id1", "p/n/r", "FINISHED", 1.5, 2, 2, 7, 21, {"a:b": 1})
TWO = JobFacts("id2", "p/n/r", "FAILED", 1.5, 2, 2, 7, 21)


def measured(namespace: str, name: str, result: object) -> Namespace:
    key = Namespace(metric=Namespace(namespace=namespace, name=name))
    return Namespace(key=key, result=result)


def test_the_jobs_of_a_node_are_read_in_their_order(tmp_path: Path) -> None:
    directory = tmp_path / "facts"
    assert read_facts(directory) == []
    write_facts(directory, ONE)
    write_facts(directory, TWO)
    assert read_facts(directory) == [ONE, TWO]


def test_counters_are_summed_over_steps_without_those_of_beam_itself() -> None:
    found = counters_of(
        [
            measured("tfx", "rows", 2),
            measured("tfx", "rows", 3),
            measured("tfx", "empty", None),
            measured("beam:metric:x", "msecs", 9),
            measured("beam", "metric:data_channel:read_index:v1", 9),
        ]
    )
    assert found == {"tfx:rows": 5, "tfx:empty": 0}


def test_distributions_are_joined_over_steps() -> None:
    few = Namespace(count=2, sum=7, min=3, max=4)
    more = Namespace(count=1, sum=9, min=9, max=9)
    none = Namespace(count=0, sum=0, min=0, max=0)
    found = distributions_of([measured("tfx", "size", item) for item in (few, more, none)])
    assert found == {"tfx:size": {"count": 3, "sum": 16, "min": 3, "max": 9}}
