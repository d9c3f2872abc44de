from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.settings import load_settings
from headrace.settings.flink import FlinkSettings, endpoint, master_url, size


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HEADRACE_PROJECT", raising=False)
    (tmp_path / "headrace.toml").write_text("")
    return tmp_path.resolve()


def flink_of(project: Path, text: str, **environ: str) -> FlinkSettings:
    (project / "headrace.toml").write_text(text)
    return load_settings(project, environ=environ).flink


def test_nothing_is_set_by_default(project: Path) -> None:
    assert flink_of(project, "") == FlinkSettings()


def test_a_table_and_prefixed_keys_are_the_same(project: Path) -> None:
    table = flink_of(project, '[flink]\nslots = 3\nmemory = "4g"\njar = "a.jar"\n')
    assert table == flink_of(
        project, 'flink_slots = 3\nflink_memory = "4096 MB"\nflink_jar = "a.jar"'
    )
    assert table == FlinkSettings(slots=3, memory=4 << 30, jar=project / "a.jar")


def test_a_variable_wins(project: Path) -> None:
    found = flink_of(project, "[flink]\nslots = 3\n", HEADRACE_FLINK_SLOTS="2")
    assert found.slots == 2


def test_options_may_be_quoted_dotted_or_a_variable(project: Path) -> None:
    text = '[flink.options]\n"a.b" = "1 g"\nc.d.e = 7\nc.on = true\nlist = ["x", "y"]\n'
    expected = (("a.b", "1 g"), ("c.d.e", "7"), ("c.on", "true"), ("list", "x;y"))
    assert flink_of(project, text).options == expected
    variable = {"HEADRACE_FLINK_OPTIONS": "'a.b=1 g' c.d=x=y"}
    assert flink_of(project, text, **variable).options == (("a.b", "1 g"), ("c.d", "x=y"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[flink]\nslot = 3", "flink_slot"),
        ("flink = 3", "flink: expected a table"),
        ("flink_slots = 2\n[flink]\nslots = 3", "flink_slots is also given"),
        ("[flink]\nslots = 0", "flink_slots"),
        ("[flink]\nslots = 1.5", "flink_slots"),
        ("[flink]\nslots = true", "flink_slots"),
        ("[flink]\nslots = inf", "flink_slots"),
        ('[flink]\nmaster = "http://[::"', "REST API"),
        ('[flink]\nmaster = "http://h:99999"', "REST API"),
        ('[flink]\nworker_pool = "h:٣"', "HOST:PORT"),
        ('[flink]\nmemory = "much"', "much"),
        ("[flink]\nmemory = 0", "flink_memory"),
        ('[flink]\nmaster = "a b"', "a b"),
        ('[flink]\nworker_pool = "localhost"', "HOST:PORT"),
        ('[flink]\nworker_pool = "localhost:70000"', "HOST:PORT"),
        ("[flink]\noptions = 3", "flink_options"),
        ("[flink.options]\na.b = [1]", "a.b"),
    ],
)
def test_a_wrong_setting_is_named(project: Path, text: str, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        flink_of(project, text)
    assert named in str(caught.value)
    assert "headrace.toml" in str(caught.value)


def test_a_wrong_option_variable_is_named(project: Path) -> None:
    with pytest.raises(UsageError, match="HEADRACE_FLINK_OPTIONS: expected KEY=VALUE"):
        flink_of(project, "", HEADRACE_FLINK_OPTIONS="a=b c")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://h:8081/", "http://h:8081"),
        ("h:8081", "http://h:8081"),
        ("https://proxy/flink", "https://proxy/flink"),
    ],
)
def test_a_master_may_be_a_url_or_host_and_port(text: str, url: str) -> None:
    assert master_url(text) == url


def test_sizes_are_flinks() -> None:
    assert [size("1b"), size("2 k"), size("3MB"), size("1g"), size(17)] == [
        1,
        2048,
        3 << 20,
        1 << 30,
        17,
    ]
    assert endpoint("pool:50000") == "pool:50000"
