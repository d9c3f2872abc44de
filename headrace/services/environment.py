"""The environment of Airflow's components: every setting of an instance, in one place."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import sys
from pathlib import Path

import headrace
from headrace.files import private_directory, write_atomically
from headrace.services.instance import Instance
from headrace.services.ports import HOST, Ports

USER = "admin"
_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def prepare(instance: Instance) -> None:
    """Make the instance's directories, and its secrets once; both are for this user only."""
    private_directory(instance.home)
    private_directory(instance.logs)
    if not instance.secrets.is_file():
        made = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_urlsafe(48),
            "secret_key": secrets.token_urlsafe(48),
        }
        write_atomically(instance.secrets, json.dumps(made), mode=0o600)
    if not instance.passwords.is_file():
        password = json.dumps({USER: secrets.token_urlsafe(12)})
        write_atomically(instance.passwords, password, mode=0o600)


def password(instance: Instance) -> str:
    """The password of the user ``admin``."""
    return str(json.loads(instance.passwords.read_text())[USER])


def dag_folder(instance: Instance) -> Path:
    """Where Airflow looks: the user's choice, or the project's; a throwaway has the project's."""
    named = os.environ.get("AIRFLOW__CORE__DAGS_FOLDER")
    return Path(named) if named and not instance.throwaway else instance.settings.project / "dags"


def airflow_environ(instance: Instance, ports: Ports, runner: str) -> dict[str, str]:
    """Environment variables for every component.

    What the user has set wins, unless the instance would not work or not be its own with it. The
    choices that differ from Airflow's: everything on the loopback interface; quick loops, so that
    a task starts when the one before it ends; time for a first compilation while a DAG file is
    parsed; tasks of a killed scheduler start again within seconds.
    """
    settings = instance.settings
    made = json.loads(instance.secrets.read_text())
    url = f"http://{HOST}:{ports.api}"
    database = f"sqlite:///{instance.home / 'airflow.db'}"
    fixed = {
        "AIRFLOW_HOME": str(instance.home),
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(instance.passwords),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dag_folder(instance)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "headrace.services.ports.loopback",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": made["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": made["jwt_secret"],
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports.logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports.logs),
        "HEADRACE_PROJECT": str(settings.project),
        "HEADRACE_HOME": str(settings.home),
    }
    if runner:
        fixed["HEADRACE_RUNNER"] = runner
    if settings.beam_overrides:
        fixed["HEADRACE_BEAM_OVERRIDES"] = shlex.join(settings.beam_overrides)
    if instance.throwaway:
        fixed[_DATABASE] = database
        # No later Airflow of this database will come for a node, so it ends with its task.
        fixed["HEADRACE_LAUNCHER_HOLD_SECONDS"] = "0"
    defaults = {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(max(4, 2 * (os.cpu_count() or 1))),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "AIRFLOW__CORE__FERNET_KEY": made["fernet_key"],
        _DATABASE: database,
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "330",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
        # A worker keeps its place for as long after a short task, waiting to send a heartbeat.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # About three minutes in all. A scheduler that goes on with runs starts tasks before the API
        # server answers, as after a reboot; Airflow's own five attempts end within 15 s.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "40",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "10",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(instance.home / "logs"),
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }
    environ = {**defaults, **os.environ, **fixed}
    if environ[_DATABASE].startswith("sqlite"):
        for kind in ("", "_ASYNC"):
            name = f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS{kind}"
            environ.setdefault(name, f"headrace.services.sqlite.CONNECT_ARGS{kind}")
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Tasks and workers talk to servers on this machine, which a proxy cannot reach.
    for name in ("NO_PROXY", "no_proxy"):
        direct = [item for item in environ.get(name, "").split(",") if item]
        environ[name] = ",".join(dict.fromkeys([*direct, HOST, "localhost"]))
    tools = str(Path(sys.executable).parent)
    environ["PATH"] = os.pathsep.join((tools, environ.get("PATH", os.defpath)))
    sources = Path(headrace.__file__).resolve().parent.parent
    if sources.name not in ("site-packages", "dist-packages"):
        inherited = [item for item in environ.get("PYTHONPATH", "").split(os.pathsep) if item]
        environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(sources), *inherited]))
    return environ
