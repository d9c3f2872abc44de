from pathlib import Path

import pytest

from headrace.bootstrap.progress import Progress
from headrace.errors import UsageError
from headrace.flink.distribution import provide_distribution, read_distribution
from headrace.flink.paths import flink_paths
from headrace.settings import Settings
from headrace.settings.flink import FlinkSettings


def distribution_at(home: Path, version: str) -> Path:
    for file in (f"lib/flink-dist-{version}.jar", "lib/log4j-core.jar", "bin/bash-java-utils.jar"):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_bytes(b"")
    return home


def test_a_distribution_is_read_with_its_version(tmp_path: Path) -> None:
    found = read_distribution(distribution_at(tmp_path / "flink", "1.19.3"))
    assert found is not None
    assert found.version == "1.19.3"
    assert [jar.name for jar in found.class_path] == ["flink-dist-1.19.3.jar", "log4j-core.jar"]


def test_half_a_distribution_is_none(tmp_path: Path) -> None:
    home = distribution_at(tmp_path / "flink", "1.19.3")
    (home / "bin" / "bash-java-utils.jar").unlink()
    assert read_distribution(home) is None
    assert read_distribution(tmp_path / "missing") is None


def test_the_users_own_distribution_is_taken_if_it_is_of_the_runners_version(
    tmp_path: Path,
) -> None:
    def provide(home: Path) -> str:
        flink = FlinkSettings(home=home)
        settings = Settings(tmp_path, tmp_path / ".headrace", tmp_path / "p", flink=flink)
        return provide_distribution(settings, flink_paths(settings), Progress()).version

    assert provide(distribution_at(tmp_path / "right", "1.19.1")) == "1.19.1"
    with pytest.raises(UsageError, match=r"(?s)has Flink 1\.20\.0.*is for Flink 1\.19"):
        provide(distribution_at(tmp_path / "other", "1.20.0"))
    with pytest.raises(UsageError, match="is no Flink distribution"):
        provide(tmp_path / "nothing")
