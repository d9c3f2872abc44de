"""Tries to have a run's parameters run code, or lead to places that nobody opened to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from tfx import v1 as tfx

from headrace.compiler.lowering import lower
from headrace.errors import UsageError
from headrace.node.parameter_bounds import Bounds
from headrace.node.pipeline_ir import load_node

RuntimeParameter = tfx.dsl.experimental.RuntimeParameter
MODULE = "/project/trainer/model.py"
PUSHED = json.dumps({"filesystem": {"base_directory": "/served/birds"}})


def text(name: str, default: str | None = None) -> Any:
    return RuntimeParameter(name=name, ptype=str, default=default)


@pytest.fixture(scope="module")
def ir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline whose author lets a run choose all that TFX lets one choose."""
    place = tmp_path_factory.mktemp("open")
    (place / "raw").mkdir()
    examples = tfx.components.CsvExampleGen(input_base=text("data", str(place / "raw")))
    examples.exec_properties["input_config"] = text(
        "patterns", json.dumps({"splits": [{"name": "all", "pattern": "*"}]})
    )
    trainer = tfx.components.Trainer(
        examples=examples.outputs["examples"],
        module_file=text("module", MODULE),
        custom_config=text("config", "{}"),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"], push_destination=text("pushed", PUSHED)
    )
    pipeline = tfx.dsl.Pipeline("open", str(place / "root"), components=[examples, trainer, pusher])
    file = place / "ir.json"
    file.write_text(lower(pipeline, place).ir)
    return file


def load(ir: Path, parameters: dict[str, Any], **bounds: Any) -> Any:
    return load_node(ir, "CsvExampleGen", "r1", parameters, Bounds(**bounds))


def refused(ir: Path, name: str, value: str, **bounds: Any) -> str:
    with pytest.raises(UsageError) as caught:
        load(ir, {name: value}, **bounds)
    assert f"parameter {name!r}" in caught.value.message
    return caught.value.message


def test_what_the_author_has_chosen_is_within_bounds(ir: Path) -> None:
    values = {"module": MODULE, "pushed": PUSHED, "data": str(ir.parent / "raw")}
    found = load(ir, values).node.parameters.parameters
    assert found["input_base"].field_value.string_value == values["data"]


@pytest.mark.parametrize(
    "value", ["/tmp/evil.py", "evil.py", "model@/tmp/evil-1.0-py3-none-any.whl", "os.system", ""]
)
def test_a_parameter_cannot_choose_code(ir: Path, value: str) -> None:
    assert "names code (module_file)" in refused(ir, "module", value)
    assert "names code" in refused(ir, "module", value, roots=("/",))


@pytest.mark.parametrize(
    "value",
    [
        '{"x": {"__tfx_object_type__": "class", "__module__": "os", "__class__": "system"}}',
        '[{"\\u005f_tfx_object_type__": "jsonable", "__module__": "evil", "__class__": "C"}]',
        json.dumps({"deep": json.dumps([json.dumps({"__tfx_object_type__": "class"})])}),
        '{"a": {"__tfx_object_type__": "class"}, "a": 1}',
        json.dumps(json.dumps({"__tfx_object_type__": "class"})),
    ],
)
def test_a_parameter_cannot_have_a_class_imported(ir: Path, value: str) -> None:
    assert "would import" in refused(ir, "config", value)


@pytest.mark.parametrize(
    "value",
    [
        *("/etc", "/", "~", "~root/x", "//etc", "file:///etc", "s3://other/data", "etc/passwd", ""),
        *("../../etc", "raw/../../other", "raw\0/etc", "http://127.0.0.1:8081/jars", "."),
    ],
)
def test_a_parameter_cannot_lead_to_another_place(ir: Path, value: str) -> None:
    assert "may not lead to" in refused(ir, "data", value)


@pytest.mark.parametrize(
    "form", ["{raw}/../secret", "{raw}2", "{raw}/x/../../secret", "{raw}/link"]
)
def test_a_path_below_the_default_cannot_lead_out_of_it(ir: Path, form: str) -> None:
    raw = ir.parent / "raw"
    if not (raw / "link").is_symlink():
        (raw / "link").symlink_to("/etc")
    assert "may not lead to" in refused(ir, "data", form.format(raw=raw))


def test_a_directory_below_the_default_the_root_or_what_is_opened_can_be_named(ir: Path) -> None:
    place = ir.parent
    for value in (f"{place}/raw/2026-11-26", f"file://{place}/raw/x*", f"{place}/root/Other/7"):
        load(ir, {"data": value})
    load(ir, {"data": "/opened/x"}, roots=("/opened/",))
    load(ir, {"data": "s3://lake/birds/7"}, roots=("s3://lake/birds",))
    refused(ir, "data", "s3://lake/birds/../cats", roots=("s3://lake/birds",))
    refused(ir, "data", "s3://lake/birds2", roots=("s3://lake/birds",))


def test_what_the_author_of_a_dag_has_given_opens_its_place(ir: Path) -> None:
    authored = {"data": "/lake/days/"}
    load(ir, {"data": "/lake/days/2026-11-26"}, authored=authored)
    refused(ir, "data", "/lake/days/../../etc", authored=authored)
    load(ir, {"module": "/project/other.py"}, authored={"module": "/project/other.py"})
    refused(ir, "module", "/project/evil.py", authored={"module": "/project/other.py"})


@pytest.mark.parametrize("place", ["/etc", "dags", "/served/birds/../cats", "/served/birds2", ""])
def test_a_model_cannot_be_pushed_to_another_place(ir: Path, place: str) -> None:
    for key in ("base_directory", "baseDirectory"):
        value = json.dumps({"filesystem": {key: place, "versioning": "AUTO"}})
        assert "may not lead to" in refused(ir, "pushed", value)
    load(ir, {"pushed": PUSHED.replace("birds", "birds/7")})


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../secret/*", "a/../../x", "s3://other/*"])
def test_a_pattern_cannot_lead_out_of_the_data(ir: Path, pattern: str) -> None:
    value = json.dumps({"splits": [{"name": "all", "pattern": pattern}]})
    assert "may not lead to" in refused(ir, "patterns", value)


@pytest.mark.parametrize(
    "value", ["$(touch /tmp/x)", "; reboot", "`id`", "{{ conn.mlmd.password }}", "{% raw %}", "a|b"]
)
def test_what_a_shell_or_a_template_would_run_stays_a_text(ir: Path, value: str) -> None:
    found = load_node(ir, "Trainer", "r1", {"config": value}).node.parameters.parameters
    assert found["custom_config"].field_value.string_value == value
