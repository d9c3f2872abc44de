from pathlib import Path

from headrace.ir.manifest import Manifest
from headrace.running.work import RunSpec, node_request
from headrace.settings import load_settings


def test_what_is_typed_at_the_command_line_opens_its_place(tmp_path: Path) -> None:
    manifest = Manifest("/p.py:f", "/artifacts", "key", ir_path="/ir.json")
    parameters = {"data_root": "/lake/raw", "epochs": 3}
    spec = RunSpec("r", manifest, "direct", tmp_path, parameters=parameters)
    request = node_request(spec, load_settings(tmp_path, {}), "Trainer")
    assert request.parameters == parameters
    assert request.authored == {"data_root": "/lake/raw"}
