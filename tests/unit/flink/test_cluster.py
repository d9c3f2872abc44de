import json
from dataclasses import asdict
from pathlib import Path

import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.flink.cluster import chosen_port, explain_failing, read_service, waiting_for
from headrace.flink.config import Places
from headrace.flink.paths import flink_paths
from headrace.flink.pool import Harness, component, read_harnesses
from headrace.flink.sizes import Machine, plan_sizes
from headrace.services.service import Component, Service
from headrace.settings import Settings
from headrace.settings.flink import FlinkSettings

DETAILS = {"rest_url": "http://127.0.0.1:1", "slots": 2, "worker_pool": "127.0.0.1:1"}


def test_a_written_service_is_read_again(tmp_path: Path) -> None:
    manager = Component(
        "jobmanager", ("java",), tmp_path / "o", tmp_path, {"A": "b"}, log=tmp_path / "l"
    )
    pool = Component("worker-pool", ("python",), tmp_path / "p", tmp_path, needs=("jobmanager",))
    written = Service(tmp_path / "state", 8081, (manager, pool), details=DETAILS)
    file = tmp_path / "service.json"
    file.write_text(json.dumps(asdict(written), default=str))
    found = read_service(file)
    assert found.components == (manager, pool)
    assert (found.state, found.port, found.details) == (tmp_path / "state", 8081, DETAILS)
    assert found.stopped_last == {"jobmanager"}
    assert found.waiting_for is not None
    assert found.waiting_for() == "waiting for the JobManager"


def test_without_an_answer_the_job_manager_is_waited_for() -> None:
    assert waiting_for(DETAILS) == "waiting for the JobManager"


def test_a_port_among_the_options_is_the_clusters(tmp_path: Path) -> None:
    def port(*options: tuple[str, str]) -> int | None:
        flink = FlinkSettings(options=options)
        return chosen_port(Settings(tmp_path, tmp_path, tmp_path, flink=flink))

    assert port() is None
    assert port(("rest.port", "8081")) == 8081
    with pytest.raises(UsageError, match=r"rest\.port is 'x'"):
        port(("rest.port", "x"))


def test_memory_that_the_system_refuses_is_named_with_the_remedy() -> None:
    failing = HeadraceError("Flink's taskmanager-1 does not stay up", "Cannot allocate memory")
    assert "flink_memory" in explain_failing(failing).hint
    other = HeadraceError("Flink's taskmanager-1 does not stay up", "ended with 1")
    assert explain_failing(other) is other


def test_harnesses_are_read_from_the_pools_state(tmp_path: Path) -> None:
    file = tmp_path / "pool.json"
    assert read_harnesses(file) == []
    file.write_text('{"harnesses": [{"worker_id": "1-1", "pid": 7, "job": "p/n/1"}]}')
    assert read_harnesses(file) == [Harness("1-1", 7, "p/n/1")]
    file.write_text('{"harnesses": [{}]}')
    assert read_harnesses(file) == []


def test_the_pools_temporary_files_are_the_starts_unless_a_socket_would_not_fit(
    tmp_path: Path,
) -> None:
    settings = Settings(tmp_path, tmp_path / ".headrace", tmp_path / "python")
    sizes = plan_sizes(Machine(24 << 30, 2), settings.flink)

    def environ(start: Path) -> dict[str, str]:
        places = Places(1, 2, start, tmp_path, tmp_path)
        return dict(component(settings, flink_paths(settings), 50000, sizes, places).environ)

    assert environ(Path("/short")) == {"TMPDIR": "/short/tmp"}
    assert environ(Path("/" + "long" * 20)) == {}
