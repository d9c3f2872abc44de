"""Each environment collects the tests of its own side; shared code is tested in the Airflow one.

A plugin (``-p tests.sides``, in pyproject.toml) and no conftest: it has its say before pytest
loads the conftest files of the paths that are named.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TFX_SIDE = frozenset(
    TESTS / path
    for path in (
        "unit/beam",
        "unit/benchmarks/test_filled_store.py",
        "unit/compiler",
        "unit/components",
        "unit/flink_runner",
        "unit/node",
        "unit/pipelines",
        "unit/store",
        "unit/testing",
        "unit/worker_pool",
        "integration/compiler",
        "integration/components",
        "integration/flink_runner",
        "integration/launcher",
        "integration/node",
        "integration/pipelines",
        "integration/store",
        "integration/testing",
        "integration/worker_pool",
    )
)
HERE_IS_TFX = importlib.util.find_spec("tfx") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if collection_path.is_dir() and not collection_path.name.startswith("__"):
        leads_there = any(collection_path in side.parents for side in TFX_SIDE)
        return None if leads_there else True if _elsewhere(collection_path) else None
    return True if _elsewhere(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load no conftest of the other side, whose imports this environment does not have."""
    named = early_config.known_args_namespace
    named.file_or_dir = _here(named.file_or_dir, early_config.invocation_params.dir)


def pytest_configure(config: pytest.Config) -> None:
    """Pass over named files of the other environment, which pytest would call a wrong use."""
    here = _here(config.args, config.invocation_params.dir)
    if not here:
        pytest.exit("these tests are the other environment's", pytest.ExitCode.NO_TESTS_COLLECTED)
    config.args[:] = here


def _here(arguments: list[str], start: Path) -> list[str]:
    paths = [(start / text.partition("::")[0]).resolve() for text in arguments]
    return [
        text
        for text, path in zip(arguments, paths, strict=True)
        if pytest_ignore_collect(path) is not True
    ]


def _elsewhere(path: Path) -> bool:
    of_tfx = path in TFX_SIDE or any(parent in TFX_SIDE for parent in path.parents)
    shared = path.suffix == ".py" and path.name in ("conftest.py", "__init__.py")
    return not shared and of_tfx != HERE_IS_TFX
