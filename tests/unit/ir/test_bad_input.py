"""Whatever a manifest's file holds: it is what its fields say, or no manifest: compile anew."""

import json
import os
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from headrace.ir.layout import IrLayout, file_name
from headrace.ir.manifest import CompileFailure, Manifest, SourceFile, SourceKind
from headrace.ir.store import is_current
from headrace.launcher.fingerprint import environment_fingerprint
from headrace.settings import load_settings
from headrace.target import parse_target
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, damaged, odd_bytes, odd_text

SOURCES = (SourceFile("/p/a.py", "d", 1, 2), SourceFile("/p/b", "", 0, 0, SourceKind.ABSENT))
WHOLE = Manifest("/p/a.py:f", "/r", "k", "birds", "/ir.json", SOURCES, ("/w.whl",), {"tfx": "1"})
FAILED = replace(WHOLE, failure=CompileFailure("ValueError", "no", "hint", "a", 3))

manifests = st.sampled_from((WHOLE, FAILED)).map(lambda one: json.loads(one.to_json()))
documents = manifests.flatmap(changed)
texts = documents.map(json.dumps) | odd_bytes.map(lambda data: data.decode("latin-1"))


@fuzzed(80, text=texts)
def test_a_manifest_is_as_it_was_written_or_none(text):
    try:
        manifest = Manifest.from_json(text)
    except ValueError as error:
        assert str(error)
        return
    found = json.loads(text)
    assert (manifest.target, manifest.key) == (found["target"], found["key"])
    assert [one.path for one in manifest.sources] == [
        one["path"] for one in found.get("sources", ())
    ]
    assert Manifest.from_json(manifest.to_json()) == manifest


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    place = tmp_path_factory.mktemp("project").resolve()
    (place / "p.py").write_text("def f(): ...\n")
    found = load_settings(place, {})
    settings = replace(found, project=place, home=place / ".headrace")
    canonical = str(parse_target(f"{place}/p.py:f", place))
    file = IrLayout(settings.layout.ir).manifest(canonical, settings.artifact_root or "")
    file.parent.mkdir(parents=True)
    return settings, f"{place}/p.py:f", file


@fuzzed(60, document=documents, data=st.data())
def test_what_cannot_be_read_is_compiled_anew(project, document, data):
    settings, target, file = project
    if isinstance(document, dict) and isinstance(document.get("versions"), dict):
        document["versions"]["environment"] = environment_fingerprint(settings)
    written = json.dumps(document).encode()
    file.write_bytes(data.draw(st.just(written) | damaged(written)))
    assert is_current(target, settings) is False


@fuzzed(40, name=odd_text)
def test_any_pipelines_name_is_one_directorys(name):
    safe = file_name(name)
    assert safe
    assert safe not in (".", "..")
    assert "/" not in safe
    assert safe.isascii()
    assert len(os.fsencode(safe)) < 256
