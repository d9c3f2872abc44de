"""The pytest plugin: its fixtures are there wherever headrace is installed.

It is loaded in every session, so nothing heavy is imported before a fixture is used.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings, load_settings
from headrace.testing.runners import (
    DIRECT,
    FLINK,
    RUNNERS,
    choice_of,
    in_this_process,
    start_cluster,
    stop_cluster,
    through_launcher,
)

if TYPE_CHECKING:
    from headrace.testing.pipelines import CheckedPipeline
    from headrace.testing.preprocessing import Preprocessed
    from headrace.testing.workbench import RunsComponents, Workbench

MARKER = "beam_runners"
_OF_IMPORTING_TFX = (r"::(google|httplib2)\b", "DEFAULT_FILE_NAME will be deprecated")
"""Warnings that a test of TFX gets by importing it, and can do nothing about."""
_INSTALLED = ("site-packages", "dist-packages")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the plugin's markers."""
    names = ", ".join(repr(name) for name in RUNNERS)
    config.addinivalue_line(
        "markers", f"{MARKER}(*names): run the test's components once on each of {names}"
    )
    config.addinivalue_line("markers", "flink: runs Beam jobs on a Flink cluster")
    if _has_tfx():
        for warning in _OF_IMPORTING_TFX:
            config.addinivalue_line("filterwarnings", f"ignore:{warning}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that has the marker once for each runner that it names."""
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is None or "beam_runner" not in metafunc.fixturenames:
        return
    unknown = [name for name in marker.args if name not in RUNNERS]
    if unknown or not marker.args:
        names = ", ".join(RUNNERS)
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: {MARKER}{marker.args!r} names no runner of {names}"
        )
    metafunc.parametrize(
        "beam_runner",
        [
            pytest.param(name, marks=pytest.mark.flink if name == FLINK else ())
            for name in marker.args
        ],
        indirect=True,
    )


@pytest.fixture
def beam_runner(request: pytest.FixtureRequest) -> str:
    """Name of the runner that the test's components have; ``direct`` without the marker."""
    return str(getattr(request, "param", DIRECT))


@pytest.fixture(scope="session")
def headrace_settings(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Settings]:
    """Settings with a state directory of the session's own; a launcher in it ends with it."""
    from headrace.launcher.client import stop_launcher

    project = load_settings(pytestconfig.rootpath)
    home = tmp_path_factory.mktemp("headrace")
    found = replace(
        project,
        home=home,
        tfx_python=Path(sys.executable) if _has_tfx() else project.tfx_python,
        metadata_url=None,
        artifact_root=None,
    )
    yield found
    stop_launcher(found)


@pytest.fixture(scope="session")
def headrace_flink(headrace_settings: Settings, pytestconfig: pytest.Config) -> Iterator[Settings]:
    """The settings, with a Flink cluster that is the session's own, or that they name."""
    if headrace_settings.flink.master is not None:
        yield headrace_settings
        return
    start_cluster(headrace_settings, load_settings(pytestconfig.rootpath))
    try:
        yield headrace_settings
    finally:
        stop_cluster(headrace_settings)


@pytest.fixture(scope="session")
def new_workbench(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Callable[[], Workbench]:
    """Makes a workbench on the direct runner, for a fixture of a module or a session."""
    import_path = _import_path(pytestconfig.rootpath)
    return lambda: _workbench(tmp_path_factory.mktemp("workbench"), in_this_process, import_path)


@pytest.fixture
def workbench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, beam_runner: str
) -> Workbench:
    """The artifacts and the metadata store of this test; the other fixtures are its methods."""
    run_node: Callable[[NodeRequest], NodeResult] = in_this_process
    if beam_runner != DIRECT:
        name = "headrace_flink" if beam_runner == FLINK else "headrace_settings"
        run_node = through_launcher(request.getfixturevalue(name))
    # Not below tmp_path, which tests fill with what components read.
    place = tmp_path_factory.mktemp("workbench")
    return _workbench(place, run_node, _import_path(request.config.rootpath), beam_runner)


@pytest.fixture
def component(workbench: Workbench) -> RunsComponents:
    """Runs one component: ``component(CountRows, examples=examples(rows))``."""
    return workbench.component


@pytest.fixture
def artifact(workbench: Workbench) -> Any:
    """Makes an artifact of any type: ``artifact(HyperParameters, {"best.txt": "{}"})``."""
    return workbench.artifact


@pytest.fixture
def examples(workbench: Workbench) -> Any:
    """Makes Examples: ``examples(rows)``, or ``examples(train=rows, eval=others)``."""
    return workbench.examples


@pytest.fixture
def schema(workbench: Workbench) -> Any:
    """Makes a Schema: ``schema({"x": float, "age": int | None, "sex": ["f", "m"]})``."""
    return workbench.schema


@pytest.fixture
def preprocess(workbench: Workbench) -> Callable[..., Preprocessed]:
    """Runs a ``preprocessing_fn``: ``preprocess(preprocessing_fn, rows, not_served=["label"])``."""
    return workbench.preprocess


@pytest.fixture
def model(workbench: Workbench) -> Any:
    """Makes a Model: ``model(lambda features: features["x"] * 2, {"x": float})``."""
    return workbench.model


@pytest.fixture
def check_pipeline(
    headrace_settings: Settings, pytestconfig: pytest.Config
) -> Callable[[str | Callable[[], Any]], CheckedPipeline]:
    """Checks a pipeline without running it: ``check_pipeline("path/to/file.py:function")``."""
    from headrace.testing.pipelines import check_pipeline

    return lambda target: check_pipeline(target, headrace_settings, pytestconfig.rootpath)


def _workbench(
    place: Path,
    run_node: Callable[[NodeRequest], NodeResult],
    import_path: list[str],
    beam_runner: str = DIRECT,
) -> Workbench:
    if not _has_tfx():
        pytest.fail(
            f"components run where TFX is, and {sys.executable} has none: run these tests with "
            "the TFX environment's Python, .headrace/envs/tfx/bin/python -m pytest",
            pytrace=False,
        )
    from headrace.testing.workbench import Options, Workbench

    chosen = choice_of(beam_runner)
    options = Options(runner=chosen.runner, beam_args=chosen.beam_args)
    return Workbench(place, run_node, import_path, options)


def _has_tfx() -> bool:
    return importlib.util.find_spec("tfx") is not None


def _import_path(root: Path) -> list[str]:
    """Where the tests' and the project's own modules are imported from."""
    prefixes = (sys.prefix, sys.base_prefix)
    own = [
        entry
        for entry in sys.path
        if Path(entry).is_dir()
        and not entry.startswith(prefixes)
        and not any(part in _INSTALLED for part in Path(entry).parts)
    ]
    return list(dict.fromkeys([str(root), *own]))
