"""Whatever settings hold: each is what it has to be, or refused with where it stands."""

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import strategies as st

from headrace.errors import HeadraceError, UsageError
from headrace.flink.connection import FlinkConnection
from headrace.settings import load_settings, parse_metadata_url
from headrace.settings.loading import CONFIG_FILE, KEYS
from headrace.target import Target, parse_target
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import damaged, odd_bytes, odd_text, short_text

SECRET = "hunter2"

port = st.sampled_from(("", ":", ":0", ":1", ":65535", ":65536", ":99999999999", ":x", ":-1", ":٣"))
host = st.sampled_from(
    ("h", "127.0.0.1", "[::1]", "[::", "h]", "", "ü", "a b", "h\0", "xn--a", "*")
)
account = st.sampled_from(("", f"me:{SECRET}@", f":{SECRET}@", f"me:{SECRET}%zz@", "me@", "@"))
url = st.builds(
    lambda scheme, account, host, port, path: f"{scheme}://{account}{host}{port}{path}",
    st.sampled_from(("http", "https", "postgresql", "mysql", "sqlite", "postgres", "gs", "", "x")),
    account,
    host,
    port,
    st.sampled_from(
        ("", "/", "/db", "//a", "/%00", "/db?sslmode=require", "/a?b=%zz&b", "/?", "/ü#x")
    ),
)
value = url | short_text | odd_text | st.sampled_from(("2", "direct", "flink", "4g", "1.5", "h:1"))

# Of TOML what its own writers would write, and what they would not.
literal = st.recursive(
    value.map(json.dumps)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.booleans().map(lambda one: str(one).lower())
    | st.sampled_from(("inf", "-inf", "nan", "1979-05-27", "9" * 5000, "1e999", "", "'", '"""a')),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: f"[{', '.join(some)}]")
        | st.builds(lambda key, one: f"{{ {json.dumps(key)} = {one} }}", odd_text, inner)
    ),
    max_leaves=3,
)
key = st.sampled_from((*KEYS, "flink", "flink.options", "flink.memory", "nothing", ""))
lines = st.lists(st.builds(lambda name, one: f"{name} = {one}\n", key, literal), max_size=4)
toml = st.builds(
    lambda table, some: (table + "".join(some)).encode("utf-8", "surrogatepass"),
    st.sampled_from(("", "[flink]\n", "[flink.options]\n")),
    lines,
)
toml |= st.just(b'flink_master = "http://h:8081"\n[flink]\nslots = 2\n').flatmap(damaged)
toml |= odd_bytes | st.just(b"a = " + b"[" * 20_000)

# What an operating system lets into an environment.
variables = st.dictionaries(
    st.sampled_from([f"HEADRACE_{name.upper()}" for name in KEYS] + ["TF_USE_LEGACY_KERAS"]),
    value.map(lambda text: text.replace("\0", "").encode("utf-8", "surrogatepass")).map(
        os.fsdecode
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    os.environ.pop("HEADRACE_PROJECT", None)
    return tmp_path_factory.mktemp("project").resolve()


@fuzzed(150, content=toml, environ=st.just({}) | variables)
def test_settings_are_what_they_have_to_be_or_refused_with_their_place(project, content, environ):
    file = project / CONFIG_FILE
    file.write_bytes(content)
    try:
        settings = load_settings(project, environ)
    except UsageError as error:
        assert str(file) in error.message or any(name in error.message for name in environ)
        return
    flink = settings.flink
    paths = (settings.home, settings.tfx_python, flink.home, flink.jar, flink.jobs_directory)
    assert all(path is None or path.is_absolute() for path in paths)
    # Nothing is made: what is there was there before, as the root directory is.
    made = [path for path in paths[2:] if path is not None and project in path.parents]
    assert not any(path.exists() for path in made if path != file)
    seconds = (settings.launcher_idle_seconds, settings.launcher_hold_seconds)
    assert all(math.isfinite(one) for one in seconds)
    assert all(isinstance(one, str) for one in (*settings.beam_args, *settings.beam_overrides))
    assert all(isinstance(text, str) for pair in flink.options for text in pair)
    for number in (flink.slots, flink.task_managers, flink.memory, flink.harness_memory):
        assert number is None or (type(number) is int and number > 0)
    if settings.metadata_url is not None:
        read = parse_metadata_url(settings.metadata_url, Path("/elsewhere"))
        assert read == parse_metadata_url(settings.metadata_url, project)
    for address in (flink.master, flink.web_url):
        if address is not None:
            assert_connects(address)


def assert_connects(address):
    """Whether it names something to connect to, so that only the network can say more."""
    try:
        with FlinkConnection(address, 1):
            pass
    except HeadraceError as error:
        assert SECRET not in error.message


@fuzzed(100, text=url | short_text | odd_text)
def test_a_stores_url_is_read_or_refused_without_its_password(text):
    try:
        found = parse_metadata_url(text, Path("/base"))
    except ValueError as error:
        assert SECRET not in str(error)
        return
    assert SECRET not in repr(found)
    assert SECRET not in found.redacted() or found.path is not None
    if found.backend == "sqlite":
        assert found.path.is_absolute()
    else:
        assert found.host
        assert found.database
        assert 0 < found.port < 65536


targets = st.builds(
    lambda location, function: f"{location}:{function}",
    short_text
    | odd_text
    | st.sampled_from(("a/b.py", "~/x.py", "~nobody-of-that-name/x.py", "a..b", ".", "os", "é.py")),
    short_text | st.sampled_from(("create_pipeline", "f", "1", "")),
)


@fuzzed(80, text=targets | short_text | odd_text)
def test_a_target_is_found_or_refused(project, text):
    try:
        found = parse_target(text, project, project)
    except UsageError as error:
        assert error.message
        return
    assert isinstance(found, Target)
    assert found.file.is_file()
