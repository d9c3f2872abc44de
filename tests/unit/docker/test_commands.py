"""What the containers run, as headrace's and Airflow's command lines know it."""

import re
import shutil

import pytest
from airflow.cli.cli_parser import get_parser

from headrace.cli.main import build_parser
from headrace.flink.sizes import Machine, plan_sizes
from headrace.settings.flink import FlinkSettings, size
from headrace.worker_pool.__main__ import build_parser as pool_parser
from tests.containers import DOCKER, Container, compose, container, containers, dockerfile

CONTAINERS = containers()
NAMES = [item.name for item in CONTAINERS]
DEFAULTS = plan_sizes(Machine(24 << 30, 2), FlinkSettings())


@pytest.mark.parametrize("item", CONTAINERS, ids=NAMES)
def test_a_command_is_one_that_the_program_knows(item: Container) -> None:
    program, *arguments = item.command
    if program == "airflow":
        get_parser().parse_args(arguments)
    elif program == "headrace":
        args = build_parser().parse_args(arguments)
        assert args.address == "jobmanager"
    elif program.endswith("/python"):
        assert arguments[:2] == ["-m", "headrace.worker_pool"]
        pool_parser().parse_args(arguments[2:])
    else:
        assert program == "sleep"


def test_flink_is_given_the_memory_that_headrace_gives_it() -> None:
    asked = {"jobmanager": DEFAULTS.job_manager, "taskmanager": DEFAULTS.task_manager}
    for name, memory in asked.items():
        given = build_parser().parse_args(container(f"compose:{name}").command[1:])
        assert given.memory == memory == size(compose()["services"][name]["mem_limit"])
    assert container("compose:taskmanager").environ["HEADRACE_FLINK_SLOTS"] == str(DEFAULTS.slots)


def test_compose_and_kubernetes_start_the_same() -> None:
    for name in ("jobmanager", "taskmanager", "worker-pool"):
        here, there = (container(f"{where}:{name}") for where in ("compose", "kubernetes"))
        apart = set(here.command) ^ set(there.command)
        assert apart <= {"--host=0.0.0.0", "--host=127.0.0.1"}, name
        assert here.environ == there.environ, name


def test_harnesses_fit_into_the_worker_pools_memory() -> None:
    pool = container("compose:worker-pool")
    harness = pool_parser().parse_args(pool.command[3:]).harness_memory_bytes
    assert harness == DEFAULTS.harness
    limit = size(compose()["services"]["worker-pool"]["mem_limit"])
    assert limit >= DEFAULTS.slots * harness + (1 << 30)


def test_the_build_calls_commands_of_headrace() -> None:
    calls = [
        call
        for item in dockerfile()
        if item.name == "RUN"
        for call in re.findall(r"bin/headrace ([a-z ]+)", item.text)
    ]
    words = [call.split() for call in calls]
    assert words == [["setup"], ["flink", "home"], ["flink", "jar"]]
    for given in words[1:]:
        build_parser().parse_args(given)


def test_what_a_health_check_asks_for_is_there() -> None:
    tests = [
        service["healthcheck"]["test"]
        for service in compose()["services"].values()
        if "test" in service.get("healthcheck", {})
    ]
    own = [words for _, *words in tests if words[0] in ("health", "airflow")]
    assert len(own) == len(compose()["services"]) - 3  # postgres, and two that have none
    for program, *arguments in own:
        if program == "airflow":
            get_parser().parse_args(arguments)
        else:
            assert shutil.which(program, path=str(DOCKER))
            assert len(arguments) == 1
