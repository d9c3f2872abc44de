"""Options and fixtures of all tests. Which tests an environment collects, ``sides`` says."""

from pathlib import Path

import pytest

from headrace.bootstrap.progress import Progress
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import built_jar, provide_jar
from headrace.flink.paths import flink_paths
from headrace.flink.tools import missing_tools
from headrace.settings import load_settings

TESTS = Path(__file__).parent


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
    parser.addoption(
        "--whole-beam-suite",
        action="store_true",
        help="run Beam's own tests on Flink all, also those that others of them stand for",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--whole-beam-suite"):
        return
    stood_for = [item for item in items if item.get_closest_marker("whole_beam_suite")]
    if stood_for:
        config.hook.pytest_deselected(items=stood_for)
        items[:] = [item for item in items if item not in stood_for]


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
