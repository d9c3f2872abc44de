"""Each environment collects the tests of its own side; shared code is tested in the Airflow one."""

import importlib.util
from pathlib import Path

import pytest

from headrace.bootstrap.progress import Progress
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import built_jar, provide_jar
from headrace.flink.paths import flink_paths
from headrace.flink.tools import missing_tools
from headrace.settings import load_settings

TESTS = Path(__file__).parent
TFX_SIDE = frozenset(
    TESTS / path
    for path in (
        "unit/compiler",
        "unit/components",
        "unit/flink_runner",
        "unit/node",
        "unit/pipelines",
        "unit/worker_pool",
        "integration/compiler",
        "integration/components",
        "integration/flink_runner",
        "integration/launcher",
        "integration/node",
        "integration/pipelines",
        "integration/store",
        "integration/worker_pool",
    )
)
HERE_IS_TFX = importlib.util.find_spec("tfx") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if collection_path.is_dir() and not collection_path.name.startswith("__"):
        leads_there = any(collection_path in side.parents for side in TFX_SIDE)
        return None if leads_there else True if _elsewhere(collection_path) else None
    return True if _elsewhere(collection_path) else None


def _elsewhere(path: Path) -> bool:
    of_tfx = path in TFX_SIDE or any(parent in TFX_SIDE for parent in path.parents)
    shared = path.suffix == ".py" and path.name in ("conftest.py", "__init__.py")
    return not shared and of_tfx != HERE_IS_TFX


def pytest_configure(config: pytest.Config) -> None:
    """Pass over named files of the other environment, which pytest would call a wrong use."""
    named = [config.invocation_params.dir / text.partition("::")[0] for text in config.args]
    here = [
        text
        for text, path in zip(config.args, named, strict=True)
        if pytest_ignore_collect(path.resolve()) is not True
    ]
    if not here:
        pytest.exit("these tests are the other environment's", pytest.ExitCode.NO_TESTS_COLLECTED)
    config.args[:] = here


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-golden",
        action="store_true",
        help="write the golden files anew instead of comparing with them",
    )
    parser.addoption(
        "--without-flink",
        action="store_true",
        help="skip the tests that need a Flink cluster, which fail where there can be none",
    )


@pytest.fixture(scope="session")
def flink_environ(pytestconfig: pytest.Config) -> dict[str, str]:
    """Variables that give a test's own state directory the repository's Flink and runner jar.

    Whoever asks for it needs a cluster: without the means for one the test fails, with the reason.
    """
    if pytestconfig.getoption("--without-flink"):
        pytest.skip("left out by --without-flink")
    settings = load_settings(TESTS.parent)
    paths = flink_paths(settings)
    lacking = missing_tools(has_jar=settings.flink.jar is not None or built_jar(paths).is_file())
    if lacking:
        names = " and ".join(lacking)
        pytest.fail(f"this test needs {names}: install them, or leave it out by --without-flink")
    distribution = provide_distribution(settings, paths, Progress())
    jar = provide_jar(settings, paths, Progress())
    return {"HEADRACE_FLINK_HOME": str(distribution.home), "HEADRACE_FLINK_JAR": str(jar)}
