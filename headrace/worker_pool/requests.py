"""What a harness is started with, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.settings import Keras

JOB_PARAM = "headrace_job"
NAME_PARAM = "headrace_name"
IMPORT_PATH_PARAM = "headrace_import_path"
KERAS_PARAM = "headrace_keras"


@dataclass(frozen=True)
class HarnessRequest:
    """One SDK harness, as a TaskManager asks for it.

    Attributes:
        control, provision, artifacts, logging: endpoints of the TaskManager, ``host:port``.
        job: token of the Beam job; empty for a job that another client submitted.
        name: the job's name, for people.
        import_path: directories put first on ``sys.path``.
        keras: major version that ``tf.keras`` is, ``2`` or ``3``.
    """

    worker_id: str
    control: str
    provision: str
    artifacts: str = ""
    logging: str = ""
    job: str = ""
    name: str = ""
    import_path: list[str] = field(default_factory=list)
    keras: str = Keras.THREE.value


def job_params(job: str, name: str, import_path: list[str], keras: Keras) -> dict[str, str]:
    """What a client puts into the Beam environment for its harnesses; texts only, as Beam asks."""
    return {
        JOB_PARAM: job,
        NAME_PARAM: name,
        IMPORT_PATH_PARAM: json.dumps(import_path),
        KERAS_PARAM: keras.value,
    }


def keras_of_job(params: Mapping[str, str]) -> Keras:
    """The Keras that ``job_params`` wrote; Keras 3 if there is none, or no such thing."""
    given = params.get(KERAS_PARAM, "")
    return Keras(given) if given in tuple(keras.value for keras in Keras) else Keras.THREE


def import_path_of(params: Mapping[str, str]) -> list[str]:
    """Read the import path that ``job_params`` wrote; empty if there is none, or no such thing."""
    try:
        found = json.loads(params.get(IMPORT_PATH_PARAM, "[]"))
    except (ValueError, RecursionError):
        return []
    return [str(entry) for entry in found] if isinstance(found, list) else []
