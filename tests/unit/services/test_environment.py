import json
from pathlib import Path

import pytest

from headrace.services.components import NAMES, command
from headrace.services.environment import airflow_environ, password, prepare
from headrace.services.instance import Instance, main_instance
from headrace.settings import load_settings


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
    environ = airflow_environ(instance, 8123, "")
    assert environ["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    api_server = command("api-server", 8123)
    assert api_server[api_server.index("--host") + 1] == "127.0.0.1"


def test_no_secret_is_on_a_command_line(instance: Instance) -> None:
    secrets = [*json.loads(instance.secrets.read_text()).values(), password(instance)]
    for name in NAMES:
        line = " ".join(command(name, 8123))
        assert not [secret for secret in secrets if secret in line]


def test_what_the_user_has_set_wins_unless_the_instance_depends_on_it(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "99")
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    environ = airflow_environ(instance, 8123, "direct")
    assert environ["AIRFLOW__CORE__PARALLELISM"] == "99"
    assert environ["AIRFLOW_HOME"] == str(instance.home)
    assert environ["HEADRACE_RUNNER"] == "direct"
