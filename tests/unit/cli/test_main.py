import subprocess
import sys
from pathlib import Path

import pytest

from headrace import __version__
from headrace.cli import main
from headrace.cli.values import parameter
from headrace.errors import EXIT_USAGE


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    for command in ("demo", "up", "down", "status", "compile", "doctor", "test", "bench"):
        assert f"\n    {command} " in out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"headrace {__version__}\n"


def test_nothing_but_the_standard_library_is_needed_for_help() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from headrace.cli.main import build_parser; build_parser()\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "print(sorted(name for name in loaded if not name.startswith('_')))"
    )
    root = str(Path(__file__).parents[3])
    completed = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, root], capture_output=True, text=True, check=True
    )
    assert completed.stdout == "['headrace']\n"


@pytest.mark.parametrize(
    "arguments", [["fly"], ["up", "--fast"], ["compile"], ["demo", "--param", "x"]]
)
def test_wrong_use_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == EXIT_USAGE


def test_a_users_mistake_is_one_message_without_a_stack_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["compile", "nowhere.py:f"]) == EXIT_USAGE
    err = capsys.readouterr().err
    assert err.startswith("headrace: pipeline file nowhere.py does not exist")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        *(["restore", "x" * 300], ["backup", "x" * 300], ["new", "component", "x" * 300]),
        *(["compile", "x" * 300 + ".py:f"], ["stream", "status", "x" * 300], ["runs"]),
    ],
)
def test_a_path_that_is_too_long_is_wrong_use(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADRACE_PROJECT", str(tmp_path))
    monkeypatch.setenv("HEADRACE_METADATA_URL", f"sqlite:///{tmp_path}/store.sqlite")
    (tmp_path / "store.sqlite").touch()
    if arguments == ["runs"]:
        monkeypatch.setenv("HEADRACE_HOME", "/tmp/" + "x" * 300)
    assert main(arguments) == EXIT_USAGE
    err = capsys.readouterr().err
    assert err.startswith("headrace: ")
    assert err.count("\n") <= 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=0.5", 0.5),
        ("a=true", True),
        ("a=x=y", "x=y"),
        ("a=", ""),
        ('a="7"', "7"),
        ("a=[1]", "[1]"),
        ("a=null", "null"),
    ],
)
def test_parameters_are_read_in_their_type(text: str, value: object) -> None:
    name, found = parameter(text)
    assert (name, found) == ("a", value)
    assert type(found) is type(value)
