"""Links and examples in the documents."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from headrace.airflow import pipeline_dag
from headrace.settings import Settings, load_settings
from headrace.settings.flink import PREFIX, FlinkSettings
from tests.documents import DOCUMENTS, PROJECT, Example, examples, section

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SETTINGS = examples("toml")
PYTHON = examples("python")
WITH_TESTS = ("bad_input.md", "guarantees.md")
TEST_NAME = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+){4,})`")


def anchors(document: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_document_is_linked_from_the_readme() -> None:
    linked = set(LINK.findall((PROJECT / "README.md").read_text()))
    assert {f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md")} <= linked


@pytest.mark.parametrize("example", PYTHON, ids=lambda item: item.name)
def test_an_example_in_python_is_python(example: Example) -> None:
    compile(example.text, example.name, "exec")


@pytest.mark.parametrize("example", SETTINGS, ids=lambda item: item.name)
def test_an_example_of_settings_is_read(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADRACE_PROJECT", raising=False)
    (tmp_path / "headrace.toml").write_text(example.text)
    assert load_settings(tmp_path, environ={}) != load_settings(tmp_path.parent, environ={})


def test_the_reference_of_pipeline_dag_has_its_arguments() -> None:
    table = section(PROJECT / "docs" / "airflow.md", "`pipeline_dag`")
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    parameters = inspect.signature(pipeline_dag).parameters.values()
    assert documented == [item.name for item in parameters if item.kind != item.VAR_KEYWORD]


def test_every_setting_is_in_a_document() -> None:
    text = "\n".join(path.read_text() for path in (PROJECT / "docs").glob("*.md"))
    own = {field.name for field in fields(Settings)} - {"project", "flink"}
    flink = {f"{PREFIX}{field.name}" for field in fields(FlinkSettings)}
    assert {name for name in own | flink if f"`{name}`" not in text} == set()


@pytest.mark.parametrize("name", WITH_TESTS)
def test_a_test_that_a_document_names_is_one(name: str) -> None:
    sources = (path.read_text() for path in (PROJECT / "tests").rglob("test_*.py"))
    known = {found for text in sources for found in re.findall(r"^def test_(\w+)\(", text, re.M)}
    rows = re.findall(r"^\|.*\| ([^|]*) \|$", (PROJECT / "docs" / name).read_text(), re.M)
    named = set(TEST_NAME.findall(" ".join(rows)))
    assert len(named) > 10
    assert named - known == set()
