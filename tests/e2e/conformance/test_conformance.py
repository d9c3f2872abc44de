"""One suite for every way of running a pipeline: the same pipelines, the same outcomes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.services import control
from headrace.services.instance import main_instance
from headrace.settings import load_settings
from tests.e2e.conformance.cases import CASES, SKIPPED, TARGETS, Case
from tests.e2e.conformance.engines import Airflow, Engine, RunCommand
from tests.e2e.conftest import REPOSITORY, Platform, platform_of

pytestmark = pytest.mark.e2e

DAGS = "from headrace.airflow import pipeline_dag\n\n" + "".join(
    f'{name} = pipeline_dag("{target}")\n' for name, target in TARGETS.items()
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("semantics")
    shutil.copytree(REPOSITORY / "tests" / "data" / "pipelines", folder, dirs_exist_ok=True)
    (folder / "dags").mkdir()
    (folder / "dags" / "semantics.py").write_text(DAGS)
    return folder


@pytest.fixture(scope="module", params=["run", "airflow"])
def engine(request: pytest.FixtureRequest, project: Path) -> Iterator[Engine]:
    platform = platform_of(project, project / ".headrace")
    platform.environ["STRAIGHT_LINE_SERVING"] = str(project / request.param / "serving")
    platform.environ["HEADRACE_METADATA_URL"] = f"sqlite:///{project / request.param}.sqlite"
    if request.param == "run":
        yield RunCommand(platform)
        return
    yield from _airflow(platform)


def _airflow(platform: Platform) -> Iterator[Engine]:
    completed = platform.headrace("up")
    assert completed.returncode == 0, completed.stderr
    instance = main_instance(load_settings(platform.project, environ=platform.environ))
    state = control.running(instance)
    assert state is not None
    with control.api(instance, state) as api:
        yield Airflow(api)
    platform.headrace("down")


@pytest.fixture(scope="module")
def started(engine: Engine) -> dict[str, str]:
    """Every case's run, all at once where the engine can."""
    ids = {case.name: f"case-{number}" for number, case in enumerate(CASES)}
    for case in CASES:
        engine.start(case, ids[case.name])
    return ids


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_node_becomes_what_tfx_says(
    engine: Engine, started: dict[str, str], case: Case
) -> None:
    outcome = engine.outcome(case, started[case.name])
    assert outcome.nodes == case.nodes
    assert outcome.succeeded is case.succeeds
    assert {node: outcome.text(node) for node in case.texts} == case.texts
    assert [node for node, pattern in case.files.items() if not outcome.has(node, pattern)] == []


def test_a_skipped_node_says_which_condition_does_not_hold(
    engine: Engine, started: dict[str, str]
) -> None:
    case = next(case for case in CASES if case.nodes.get("Taken") == SKIPPED)
    said = engine.told(case, started[case.name], "Taken")
    assert "Nothing to do for node Taken in this run: Count.number.value > 0 does not hold" in said
    if isinstance(engine, Airflow):  # a person looks at a task, not at the table of a run
        behind = engine.told(case, started[case.name], "Needs")
        assert "Nothing to do for node Needs in this run: a node before it was skipped" in behind


def test_what_has_not_changed_is_served_from_the_cache_also_in_a_sub_pipeline(
    engine: Engine, started: dict[str, str]
) -> None:
    case = next(case for case in CASES if case.pipeline == "nested" and case.succeeds)
    first = engine.outcome(case, started[case.name]) if isinstance(engine, Airflow) else None
    engine.start(case, "again")
    again = engine.outcome(case, "again")
    cached = {node for node, result in again.results.items() if result["cached"]}
    assert cached == {"Write", "outer.Append", "outer.Alone", "outer.innermost.Deep", "Last"}
    assert again.text("Last") == case.texts["Last"]
    if first is not None:
        assert again.results["Last"]["outputs"] == first.results["Last"]["outputs"]
