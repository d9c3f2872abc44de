import json

import pytest

from headrace.ir.layout import IrLayout, file_name
from headrace.ir.manifest import CompileFailure, Manifest, SourceFile, SourceKind

FULL = Manifest(
    target="/p/a.py:f",
    artifact_root="/r",
    key="k",
    pipeline_name="birds",
    ir_path="/h/ir/pipeline.json",
    sources=(SourceFile("/p/a.py", "d", 1, 2), SourceFile("/p/b", "", 0, 0, SourceKind.ABSENT)),
    products=("/r/w.whl",),
    versions={"tfx": "1"},
    import_path=("/p",),
    has_own_metadata=True,
    keras="2",
)
FAILED = Manifest("/p/a.py:f", "", "k", failure=CompileFailure("ValueError", "no", "hint", "a", 3))


@pytest.mark.parametrize("manifest", [FULL, FAILED])
def test_a_manifest_survives_json(manifest: Manifest) -> None:
    assert Manifest.from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sources": []}', "null", "[" * 20_000])
def test_another_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        Manifest.from_json(text)


def test_a_manifest_of_another_version_is_a_value_error() -> None:
    fields = json.loads(FULL.to_json())
    with pytest.raises(ValueError, match="not a manifest"):
        Manifest.from_json(json.dumps({**fields, "colour": "red"}))


@pytest.mark.parametrize(
    "name", ["../up", "a/b", ".", "..", "", "naïve", "a b", ".hidden", "x" * 300]
)
def test_any_pipeline_name_is_one_directory_of_its_own(name: str) -> None:
    safe = file_name(name)
    assert safe.isascii()
    assert "/" not in safe
    assert safe
    assert not safe.startswith(".")
    assert len(safe) < 255
    assert safe != file_name(f"{name}x")


def test_names_that_look_alike_are_kept_apart() -> None:
    assert file_name("penguins-v1.2") == "penguins-v1.2"
    assert len({file_name(name) for name in ("a b", "a/b", "a_b", "a:b")}) == 4


def test_each_target_and_artifact_root_has_a_manifest_of_its_own(tmp_path) -> None:
    layout = IrLayout(tmp_path)
    places = {layout.manifest(t, r) for t in ("a:f", "b:f") for r in ("", "/r")}
    assert len(places) == 4
    assert {place.parent for place in places} == {layout.manifests}
