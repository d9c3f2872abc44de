from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.layout import Layout
from headrace.settings import Keras, LauncherMode, Runner, load_settings, parse_metadata_url


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HEADRACE_PROJECT", raising=False)
    (tmp_path / "headrace.toml").write_text("")
    return tmp_path.resolve()


LONG = "é" * 200
"""Of more bytes than a name may have, and fewer characters."""


def test_defaults_live_below_the_projects_state_directory(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.prefix", "/usr")
    settings = load_settings(project / "deeper", environ={})
    assert settings.project == project
    assert settings.home == project / ".headrace"
    assert settings.tfx_python == project / ".headrace/envs/tfx/bin/python"
    assert (settings.metadata_url, settings.artifact_root) == (None, None)
    assert (settings.runner, settings.launcher) == (Runner.DIRECT, LauncherMode.FORKSERVER)


def test_a_project_without_environments_has_those_of_the_interpreter(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Layout(tmp_path / "elsewhere")
    monkeypatch.setattr("sys.prefix", str(made.airflow_python.parent.parent))
    own = Layout(project / ".headrace").tfx_python
    assert load_settings(project, environ={}).tfx_python == own
    for python, expected in ((made.tfx_python, made.tfx_python), (own, own)):
        python.parent.mkdir(parents=True)
        python.touch()
        assert load_settings(project, environ={}).tfx_python == expected


def test_the_environment_wins_over_the_file(project: Path) -> None:
    (project / "headrace.toml").write_text('runner = "flink"\nartifact_root = "a"\n')
    settings = load_settings(project, environ={"HEADRACE_ARTIFACT_ROOT": "b"})
    assert settings.runner is Runner.FLINK
    assert settings.artifact_root == str(project / "b")


def test_parameter_roots_are_directories_of_the_project_or_uris(project: Path) -> None:
    (project / "headrace.toml").write_text('parameter_roots = ["raw", "s3://lake/raw", "/x"]\n')
    assert load_settings(project, {}).parameter_roots == (
        str(project / "raw"),
        "s3://lake/raw",
        "/x",
    )
    given = {"HEADRACE_PARAMETER_ROOTS": "/a b"}
    assert load_settings(project, given).parameter_roots == ("/a", str(project / "b"))


def test_a_remote_artifact_root_is_kept_as_it_is(project: Path) -> None:
    settings = load_settings(project, environ={"HEADRACE_ARTIFACT_ROOT": "gs://bucket/root"})
    assert settings.artifact_root == "gs://bucket/root"


def test_a_relative_sqlite_file_is_the_projects(project: Path) -> None:
    (project / "headrace.toml").write_text('metadata_url = "sqlite:///a%20b/m.sqlite"\n')
    url = load_settings(project, environ={}).metadata_url
    assert url is not None
    assert parse_metadata_url(url, Path("/elsewhere")).path == project / "a b/m.sqlite"


def test_beam_arguments_are_a_list_in_the_file_and_shell_words_in_the_environment(
    project: Path,
) -> None:
    (project / "headrace.toml").write_text('beam_args = ["--a=1 2"]\n')
    assert load_settings(project, environ={}).beam_args == ("--a=1 2",)
    given = load_settings(project, environ={"HEADRACE_BEAM_ARGS": "--b='x y' --c"})
    assert given.beam_args == ("--b=x y", "--c")


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("", {}, None),
        ("keras = 2", {}, Keras.TWO),
        ('keras = "3"', {"TF_USE_LEGACY_KERAS": "1"}, Keras.THREE),
        ("keras = 3", {"HEADRACE_KERAS": "2"}, Keras.TWO),
        ("", {"TF_USE_LEGACY_KERAS": "True"}, Keras.TWO),
        ("", {"TF_USE_LEGACY_KERAS": "0"}, Keras.THREE),
        ("", {"TF_USE_LEGACY_KERAS": ""}, None),
    ],
)
def test_keras_is_headraces_setting_else_tensorflows_variable(
    project: Path, text: str, environ: dict[str, str], expected: Keras | None
) -> None:
    (project / "headrace.toml").write_text(text)
    assert load_settings(project, environ=environ).keras is expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('runer = "flink"', "runer"),
        ('runner = "spark"', "spark"),
        ("launcher_idle_seconds = -1", "launcher_idle_seconds"),
        ('launcher_idle_seconds = "soon"', "soon"),
        ("launcher_idle_seconds = 0", "launcher_idle_seconds"),
        ("launcher_hold_seconds = -1", "launcher_hold_seconds"),
        ("launcher_nodes = -1", "launcher_nodes"),
        ("launcher_nodes = 1.5", "launcher_nodes"),
        ("beam_args = [1]", "beam_args"),
        ("artifact_root = 7", "artifact_root"),
        ("keras = 4", "keras"),
        ("keras = true", "keras"),
        ("runner = ", "TOML"),
        ('metadata_url = "oracle://h"', "metadata_url"),
        ("home = " + "9" * 5000, "TOML"),
        ("home = " + "[" * 20_000, "TOML"),
        ("launcher_idle_seconds = 1" + "0" * 400, "launcher_idle_seconds"),
        ('home = "~nobody-of-that-name/x"', "nobody-of-that-name"),
        ('artifact_root = "a\\u0000b"', "NUL"),
        (f'home = "{LONG}"', "too long"),
        ('metadata_url = "sqlite:////a%00b"', "metadata_url"),
        ('metadata_url = "postgresql://[::/d"', "host and port"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(project: Path, text: str, named: str) -> None:
    (project / "headrace.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_settings(project, environ={})
    assert named in str(caught.value)
    assert "headrace.toml" in str(caught.value)


def test_an_empty_path_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('[flink]\nhome = ""\n')
    with pytest.raises(UsageError, match=r"flink_home in .*headrace.toml: a path cannot be empty"):
        load_settings(tmp_path, {})


def test_a_wrong_variable_is_named(project: Path) -> None:
    with pytest.raises(UsageError, match="HEADRACE_LAUNCHER: 'thread' is not one of"):
        load_settings(project, environ={"HEADRACE_LAUNCHER": "thread"})
