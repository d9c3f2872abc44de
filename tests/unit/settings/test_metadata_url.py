from pathlib import Path

import pytest

from headrace.settings import parse_metadata_url

BASE = Path("/base")


def test_a_relative_sqlite_path_is_taken_from_the_base() -> None:
    assert parse_metadata_url("sqlite:///db/m.sqlite", BASE).path == Path("/base/db/m.sqlite")


def test_an_absolute_sqlite_path_has_four_slashes() -> None:
    assert parse_metadata_url("sqlite:////var/m.sqlite", BASE).path == Path("/var/m.sqlite")


def test_postgresql_parts_are_decoded_and_the_port_has_a_default() -> None:
    url = parse_metadata_url("postgresql://me:p%40ss@db.example/mlmd?sslmode=require", BASE)
    assert (url.user, url.password, url.host) == ("me", "p@ss", "db.example")
    assert (url.port, url.database, url.options) == (5432, "mlmd", {"sslmode": "require"})


@pytest.mark.parametrize(
    ("spelling", "backend"),
    [
        ("postgres://u:p@h/d", "postgresql"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql"),
        ("mysql://u:p@h:1/d", "mysql"),
    ],
)
def test_spellings_of_other_tools_are_understood(spelling: str, backend: str) -> None:
    assert parse_metadata_url(spelling, BASE).backend == backend


def test_neither_the_redacted_url_nor_the_representation_shows_the_password() -> None:
    url = parse_metadata_url("mysql://me:hunter2@db/mlmd", BASE)
    assert "hunter2" not in url.redacted()
    assert "hunter2" not in repr(url)
    assert url.redacted() == "mysql://me@db:3306/mlmd"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "m.sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite://relative",
        "oracle://u:secret@h/d",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:port/d",
        "mysql://u:secret@/d",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse_metadata_url(url, BASE)
    assert "secret" not in str(caught.value)
