import json
from importlib import import_module
from pathlib import Path

import pytest
from airflow.configuration import conf

from headrace.services.components import NAMES, command
from headrace.services.environment import airflow_environ, dag_folder, password, prepare
from headrace.services.instance import Instance, demo_instance, main_instance
from headrace.services.ports import Ports
from headrace.settings import load_settings

PORTS = Ports(8123, 8124)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = main_instance(load_settings(tmp_path, environ={}))
    prepare(instance)
    return instance


def test_secrets_are_made_once_and_are_for_their_owner_only(instance: Instance) -> None:
    before = (instance.secrets.read_text(), password(instance))
    prepare(instance)
    assert (instance.secrets.read_text(), password(instance)) == before
    for file in (instance.secrets, instance.passwords):
        assert file.stat().st_mode & 0o777 == 0o600
    assert instance.home.stat().st_mode & 0o777 == 0o700


def test_everything_listens_on_the_loopback_interface(instance: Instance) -> None:
    environ = airflow_environ(instance, PORTS, "")
    assert environ["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    for server, port in (("api-server", "8123"), ("log-server", "8124")):
        line = command(server, PORTS)
        assert line[line.index("--host") + 1] == "127.0.0.1"
        assert line[line.index("--port") + 1] == port
    for other in ("scheduler", "triggerer"):
        assert "--skip-serve-logs" in command(other, PORTS)


def test_no_secret_is_on_a_command_line(instance: Instance) -> None:
    secrets = [*json.loads(instance.secrets.read_text()).values(), password(instance)]
    for name in NAMES:
        line = " ".join(command(name, PORTS))
        assert not [secret for secret in secrets if secret in line]


def test_a_task_outlives_an_api_server_that_starts_later_or_anew(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in airflow_environ(instance, PORTS, "").items():
        if name.startswith("AIRFLOW__WORKERS__EXECUTION_API"):
            monkeypatch.setenv(name, value)
    retries = conf.getint("workers", "execution_api_retries")
    longest = conf.getfloat("workers", "execution_api_retry_wait_max")
    # Pauses are of chance, between nothing and twice the one before, up to the longest.
    pauses = [min(2.0**number, longest) / 2 for number in range(retries - 1)]
    assert 120 < sum(pauses) < conf.getfloat("scheduler", "task_instance_heartbeat_timeout")


def test_what_the_user_has_set_wins_unless_the_instance_depends_on_it(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "99")
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    environ = airflow_environ(instance, PORTS, "direct")
    assert environ["AIRFLOW__CORE__PARALLELISM"] == "99"
    assert environ["AIRFLOW_HOME"] == str(instance.home)
    assert environ["HEADRACE_RUNNER"] == "direct"


def test_a_dag_folder_of_the_user_s_is_used_but_not_by_a_demo(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, of_project = "AIRFLOW__CORE__DAGS_FOLDER", str(instance.settings.project / "dags")
    monkeypatch.delenv(name, raising=False)
    assert airflow_environ(instance, PORTS, "")[name] == of_project
    monkeypatch.setenv(name, "/my/dags")
    assert airflow_environ(instance, PORTS, "")[name] == "/my/dags"
    assert dag_folder(instance) == Path("/my/dags")
    demo = demo_instance(instance.settings, "penguins")
    prepare(demo)
    assert airflow_environ(demo, PORTS, "")[name] == of_project


def test_a_proxy_is_not_for_servers_of_this_machine(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "example.org,localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    environ = airflow_environ(instance, PORTS, "")
    assert environ["NO_PROXY"] == "example.org,localhost,127.0.0.1"
    assert environ["no_proxy"] == "127.0.0.1,localhost"


def test_a_throwaway_instance_never_uses_the_database_that_the_user_has_set(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    monkeypatch.setenv(name, "postgresql://db.example.org/airflow")
    demo = demo_instance(instance.settings, "one")
    prepare(demo)
    assert airflow_environ(instance, PORTS, "")[name] == "postgresql://db.example.org/airflow"
    assert airflow_environ(demo, PORTS, "")[name] == f"sqlite:///{demo.home}/airflow.db"


def test_airflow_waits_for_a_writer_of_its_sqlite_and_only_there(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS"
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    environ = airflow_environ(instance, PORTS, "")
    for kind in ("", "_ASYNC"):
        module, _, attribute = environ[f"{name}{kind}"].rpartition(".")
        assert getattr(import_module(module), attribute)["timeout"] == 60
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://db/airflow")
    assert name not in airflow_environ(instance, PORTS, "")


def test_no_node_outlives_a_throwaway_instance(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "HEADRACE_LAUNCHER_HOLD_SECONDS"
    monkeypatch.setenv(name, "60")
    demo = demo_instance(instance.settings, "one")
    prepare(demo)
    assert airflow_environ(instance, PORTS, "")[name] == "60"
    assert load_settings(environ=airflow_environ(demo, PORTS, "")).launcher_hold_seconds == 0


def test_every_option_that_is_set_is_one_that_airflow_has(instance: Instance) -> None:
    from airflow.configuration import conf

    known = conf.configuration_description
    names = [name for name in airflow_environ(instance, PORTS, "") if name.startswith("AIRFLOW__")]
    options = [name.removeprefix("AIRFLOW__").lower().split("__", 1) for name in names]
    assert len(options) > 20
    assert [one for one in options if one[1] not in known.get(one[0], {}).get("options", {})] == []
