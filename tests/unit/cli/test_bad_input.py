"""Whatever is typed: it is what it says, or wrong use with one message and exit code 2."""

import argparse
import contextlib
import io
import os

import pytest
from hypothesis import strategies as st

from headrace.cli.main import COMMANDS, build_parser, main
from headrace.cli.values import count, parameter, raw_parameter
from headrace.errors import EXIT_FAILED, EXIT_USAGE
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import odd_text, short_text

# What an operating system lets into a command line.
argument = (odd_text | short_text).map(lambda text: text.replace("\0", ""))
argument = argument.map(lambda text: os.fsdecode(text.encode("utf-8", "surrogatepass")))
option = st.sampled_from(
    (
        *("--param", "--runner", "--flink-master", "--beam-arg", "--keras", "--from", "--to"),
        *("--jobs", "--run-id", "--resume", "--json", "--help", "--port", "-h", "--", "-", "--no"),
    )
)
given_value = st.builds(lambda name, text: f"{name}={text}", option | st.just("x"), argument)
arguments = st.lists(argument | option | given_value, max_size=5)


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory):
    """A directory of its own, in which there is nothing to find."""
    place = tmp_path_factory.mktemp("project")
    (place / "headrace.toml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("HEADRACE_PROJECT", str(place))
        yield place


def said(argv):
    """Exit code and standard error of a command."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as error,
    ):
        try:
            code = main(argv)
        except SystemExit as left:
            code = left.code
    return code, error.getvalue()


@pytest.fixture(scope="module")
def parser():
    return build_parser()


@fuzzed(150, command=st.sampled_from((*COMMANDS, "")), rest=arguments)
def test_a_command_line_is_read_or_wrong_use(parser, command, rest):
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as error,
    ):
        try:
            found, _ = parser.parse_known_args([command, *rest])
        except SystemExit as left:
            assert left.code in (0, EXIT_USAGE)
            assert left.code == 0 or "error: " in error.getvalue()
            return
    assert callable(found.run)


@fuzzed(
    60,
    command=st.sampled_from((["run"], ["compile"], ["restore"], ["stream", "status"])),
    what=argument
    | argument.map(lambda text: f"{text}:f")
    | argument.map(lambda text: f"{text}.py:f"),
    more=st.lists(given_value, max_size=2),
)
def test_what_is_not_there_is_told_in_one_message(command, what, more):
    code, error = said([*command, what, *(more if command == ["run"] else [])])
    assert code in (EXIT_FAILED, EXIT_USAGE) or "--help" in (what, *more) or what == "-h"
    assert "Traceback" not in error


@fuzzed(60, text=argument | given_value)
def test_a_value_is_read_or_wrong_use(text):
    for read in (parameter, raw_parameter):
        try:
            name, value = read(text)
        except argparse.ArgumentTypeError:
            assert "=" not in text or text.startswith("=")
        else:
            assert text == f"{name}={value}" or read is parameter
    try:
        assert count(text) >= 0
    except argparse.ArgumentTypeError as error:
        assert str(error)
