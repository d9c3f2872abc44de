"""Tells the Airflow that runs here of a rollback, which is a push like any other."""

from __future__ import annotations

from headrace.errors import HeadraceError
from headrace.launcher.jobs import RollbackResult
from headrace.services.control import api, running
from headrace.services.instance import main_instance
from headrace.settings import Settings
from headrace.span_keys import span_key


def announce_rollback(settings: Settings, pipeline: str, done: RollbackResult) -> str:
    """Send an event of the pipeline's asset; return why there is none, or nothing.

    What has been pushed stays so: whatever is wrong here is only told.
    """
    name = f"{pipeline}.pushed_model"
    instance = main_instance(settings)
    state = running(instance)
    if state is None:
        return "no Airflow of headrace runs here"
    facts = {name: value for name, value in done.asset.items() if name != "pushed"}
    extra = {
        **facts,
        "node": "rollback",
        "run_id": done.run_id,
        "execution_id": done.execution_id,
    }
    partition = span_key(facts["span"]) if "span" in facts else None
    try:
        with api(instance, state) as client:
            asset = client.asset(name)
            if asset is None:
                return f"no DAG in Airflow has the asset {name}"
            client.send_event(asset, extra, partition)
    except HeadraceError as error:
        return error.message
    return ""
