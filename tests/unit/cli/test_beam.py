import argparse
from pathlib import Path

import pytest

from headrace.cli.beam import add_options, chosen_runner, with_options
from headrace.errors import UsageError
from headrace.settings import load_settings


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_PROJECT", raising=False)


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_the_command_line_comes_after_the_settings_overrides(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('beam_args = ["--a=1"]\nbeam_overrides = ["--b=1"]\n')
    settings = load_settings(tmp_path, environ={})
    found = with_options(settings, parsed("--beam-arg=--b=2", "--beam-arg=--c"))
    assert found.beam_args == ("--a=1",)
    assert found.beam_overrides == ("--b=1", "--b=2", "--c")


def test_a_cluster_that_is_named_is_the_jobs_and_the_commands_own(tmp_path: Path) -> None:
    args = parsed("--flink-master", "flink.example.org:8081")
    found = with_options(load_settings(tmp_path, environ={}), args)
    assert chosen_runner(args) == "flink"
    assert found.flink.master == "http://flink.example.org:8081"
    assert found.beam_overrides == ("--flink_master=http://flink.example.org:8081",)


def test_without_any_of_them_all_is_as_set(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environ={})
    assert with_options(settings, parsed()) == settings
    assert chosen_runner(parsed()) == ""
    assert chosen_runner(parsed("--runner", "direct")) == "direct"


def test_a_cluster_for_another_runner_is_refused() -> None:
    with pytest.raises(UsageError, match="--flink-master is for runner flink"):
        chosen_runner(parsed("--runner=direct", "--flink-master=http://a:1"))


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--beam-arg=parallelism=2", "'parallelism=2' is not --NAME=VALUE"),
        ("--beam-arg=-p", "'-p' is not --NAME=VALUE"),
        ("--flink-master=ftp://a", "expected the URL of a Flink cluster's REST API"),
    ],
)
def test_what_cannot_be_is_wrong_use(
    argument: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(argument)
    assert message in capsys.readouterr().err
