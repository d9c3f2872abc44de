"""Files, ports, passwords and variables of docker/."""

import fnmatch
import importlib.util
import os
import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.configuration import conf

from headrace.settings import load_settings
from headrace.settings.loading import KEYS
from tests.containers import (
    DOCKER,
    Container,
    compose,
    containers,
    copied,
    dockerfile,
    image_environ,
    manifests,
    variables,
)
from tests.documents import PROJECT

CONTAINERS = [*containers(), Container("image", [], image_environ())]
NAMES = [item.name for item in CONTAINERS]
SERVICES: dict[str, dict[str, Any]] = compose()["services"]
SECRET = re.compile(r"PASSWORD|SECRET|_KEY|TOKEN|CREDENTIAL", re.IGNORECASE)
OF_OTHERS = {"AIRFLOW_HOME", "JAVA_HOME", "PGPASSFILE", "PYTHONUNBUFFERED"}
LOCAL = {"127.0.0.1", "localhost", *SERVICES}


@pytest.mark.parametrize("item", CONTAINERS, ids=NAMES)
def test_a_variable_is_one_that_headrace_or_airflow_knows(
    item: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_PROJECT", str(tmp_path))
    options = conf.configuration_description
    for name in item.environ:
        if name.startswith("HEADRACE_"):
            assert name.removeprefix("HEADRACE_").lower() in (*KEYS, "project"), name
        elif name.startswith("AIRFLOW__"):
            section, _, option = name.removeprefix("AIRFLOW__").lower().partition("__")
            key = option.removesuffix("_cmd")
            assert key in options[section]["options"], name
            assert key == option or (section, key) in conf.sensitive_config_values, name
        else:
            assert name in OF_OTHERS
    assert load_settings(tmp_path, environ=item.environ).project == tmp_path


def test_the_launchers_jobs_go_to_the_cluster_beside_it() -> None:
    [scheduler] = [item for item in CONTAINERS if item.name == "compose:scheduler"]
    environ = {**image_environ(), **scheduler.environ}
    settings = load_settings(environ={**environ, "HEADRACE_PROJECT": str(PROJECT)})
    assert settings.runner.value == "flink"
    assert settings.flink.master == "http://jobmanager:8081"
    assert str(settings.flink.worker_pool).partition(":")[0] in SERVICES
    [job_manager] = [item for item in CONTAINERS if item.name == "compose:jobmanager"]
    theirs = load_settings(environ={**job_manager.environ, "HEADRACE_PROJECT": str(PROJECT)})
    assert settings.flink.jobs_directory == theirs.flink.jobs_directory
    for name in ("scheduler", "jobmanager", "worker-pool"):
        assert "shared:/shared" in SERVICES[name]["volumes"], name


def test_no_port_is_published_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    modes = {service.get("network_mode", "") for service in SERVICES.values()}
    assert modes == {"", "service:task-host"}
    text = repr(manifests())
    for way_out in ("NodePort", "LoadBalancer", "hostPort", "hostNetwork", "'kind': 'Ingress'"):
        assert way_out not in text


def test_no_password_is_written_down_or_has_a_default() -> None:
    assert not [name for name in variables() if SECRET.search(name)]
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "://" in value:
                assert urlsplit(value).password is None, name
            elif SECRET.search(name):
                assert value.removeprefix("cat ").startswith(("/run/secrets/", "/run/headrace/"))
    for item in CONTAINERS:
        assert not [part for part in item.command if SECRET.search(part)]
    for name in (word.partition("=")[0] for item in dockerfile() for word in item.text.split()):
        assert item.name != "ENV" or not SECRET.search(name), name


def test_a_service_is_given_the_secrets_that_it_reads_and_no_others() -> None:
    declared = compose()["secrets"]
    for name, service in SERVICES.items():
        given = set(service.get("secrets", []))
        text = repr(service.get("environment", {}))
        read = set(re.findall(r"/run/secrets/(\w+)", text))
        assert read <= given <= declared.keys(), name
        if service["image"] == "headrace":
            assert ("metadata_password" in given) == (name == "scheduler")
            assert ("airflow_passwords" in given) == (name == "api-server")
            assert bool(given) == ("airflow_database_password" in given) == ("tmpfs" in service)
    sql = (DOCKER / "postgres" / "databases.sql").read_text()
    assert set(re.findall(r"/run/secrets/(\w+)", sql)) <= set(SERVICES["postgres"]["secrets"])


def test_what_a_service_waits_for_is_there_and_says_when_it_is_healthy() -> None:
    for name, service in SERVICES.items():
        for other, waiting in service.get("depends_on", {}).items():
            check = SERVICES[other].get("healthcheck", {})
            assert waiting["condition"] != "service_healthy" or "test" in check, (name, other)
        assert service["restart"] in ("unless-stopped", "on-failure")
        assert service["mem_limit"]
        assert set(service.get("networks", [])) <= compose()["networks"].keys()


def test_every_file_that_is_mounted_or_copied_exists() -> None:
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    for source in {volume.split(":")[0] for volume in volumes}:
        assert source in compose()["volumes"] or (DOCKER / source).is_file(), source
    assert copied()
    for source in copied():
        assert source.exists(), source


def test_the_build_sees_what_it_copies_and_neither_state_nor_secrets() -> None:
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def is_seen(path: str) -> bool:
        seen = True
        for pattern in patterns:
            hidden = pattern.removeprefix("!")
            if any(fnmatch.fnmatch(path, form) for form in (hidden, f"{hidden}/*")):
                seen = pattern.startswith("!")
        return seen

    for source in copied():
        assert is_seen(str(source.relative_to(PROJECT)))
    for hidden in (".headrace/metadata.sqlite", "docker/secrets/fernet_key", ".git/config"):
        assert not is_seen(hidden)


def test_the_images_parts_are_named_with_their_versions() -> None:
    bases = [item.words()[0] for item in dockerfile() if item.name == "FROM"]
    given = [item.text.partition("=")[2] for item in dockerfile() if item.name == "ARG"]
    assert given == ["python:3.12-slim-bookworm"]
    assert set(bases) == {"${PYTHON_IMAGE}", "packages"}
    assert SERVICES["postgres"]["image"] == "postgres:17-bookworm"
    user = [item.text for item in dockerfile() if item.name == "USER"]
    assert user == ["50000:50000"]


def test_no_host_is_named_but_this_machine_and_the_services() -> None:
    for path in sorted(DOCKER.rglob("*")):
        if path.is_file() and "secrets" not in path.parts:
            for host in re.findall(r"\w+://([\w.-]+)", path.read_text().replace("file:///", "")):
                assert host.split("@")[-1] in LOCAL | {"airflow", "mlmd"}, (path, host)


def test_scripts_can_be_run() -> None:
    for name in ("entrypoint", "health", "make-secrets"):
        assert os.stat(DOCKER / name).st_mode & stat.S_IXUSR, name


def test_airflow_has_the_drivers_of_its_database() -> None:
    url = {item.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") for item in containers()}
    driver = urlsplit(url.difference({None}).pop() or "").scheme.partition("+")[2]
    assert importlib.util.find_spec(driver) is not None
    # Airflow's API server makes the name of its own driver from that URL.
    assert importlib.util.find_spec("asyncpg") is not None
