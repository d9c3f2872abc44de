"""Real pipelines against the IR and the graph that are kept for them.

After a change that is meant to alter them, write them anew and look at the difference:

    bin/headrace test tests/integration/compiler/test_golden.py --refresh-golden
"""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from headrace.graph.reader import graph_from_ir
from tests.integration.compiler.conftest import Author

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[3]
GOLDEN = PROJECT / "tests" / "data" / "ir"
TARGETS = {
    "blessed": "resolving.py:blessed",
    "closing": "semantics.py:closing",
    "conditional": "semantics.py:conditional",
    "conditional_nested": "semantics.py:conditional_nested",
    "csv_only": "csv_only.py:create_pipeline",
    "demanding": "tiny.py:create_demanding",
    "driver_only": "semantics.py:driver_only",
    "every_kind": "every_kind.py:create_pipeline",
    "nested": "semantics.py:nested",
    "own_classes": "own_classes.py:own_classes",
    "spans": "resolving.py:spans",
    "straight_line": "straight_line/line_pipeline.py:create_pipeline",
    "tiny": "tiny.py:create_pipeline",
}
ENVIRON = {"TINY_DATA": "/data/tiny", "STRAIGHT_LINE_SERVING": "/serving/line"}


@pytest.mark.parametrize("name", TARGETS)
def test_a_pipeline_compiles_to_its_golden_ir_and_graph(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    author = Author(PROJECT, tmp_path / "home")
    manifest = author.compile(f"tests/data/pipelines/{TARGETS[name]}", environ=ENVIRON)
    assert manifest.failure is None
    text = manifest.ir.read_text()
    ir = text.replace(str(author.home), "HOME").replace(str(PROJECT), "PROJECT")
    graph = asdict(graph_from_ir(json.loads(ir)))
    del graph["_by_id"]
    written = {
        GOLDEN / f"{name}.json": ir,
        GOLDEN / f"{name}.graph.json": json.dumps(graph, indent=1) + "\n",
    }
    if request.config.getoption("--refresh-golden"):
        for path, content in written.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
    for path, content in written.items():
        assert path.read_text() == content, f"differs from {path}; see this file's first lines"


def test_every_golden_file_has_its_pipeline() -> None:
    assert {file.name.partition(".")[0] for file in GOLDEN.iterdir()} == set(TARGETS)
