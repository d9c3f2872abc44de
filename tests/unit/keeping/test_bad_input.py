"""Whatever a backup's file holds: it becomes the store whole, or the store stays as it is."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import strategies as st

from headrace.errors import HeadraceError
from headrace.keeping.backups import put_back
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import damaged, odd_bytes

TABLES = """
create table MLMDEnv (schema_version integer);
insert into MLMDEnv values (10);
create table Execution (id integer primary key, name text);
create table Artifact (id integer primary key, uri text);
create index uris on Artifact (uri);
insert into Execution values (1, 'a'), (2, 'b');
insert into Artifact values (1, '/x');
"""
HOSTILE = (
    "update MLMDEnv set schema_version = 'ten';",
    "update MLMDEnv set schema_version = null;",
    "update MLMDEnv set schema_version = x'ff';",
    "update MLMDEnv set schema_version = 9e99;",
    "delete from MLMDEnv;",
    "drop table Artifact;",
    "drop table MLMDEnv; create view MLMDEnv as select 10 as schema_version;",
    "drop table Execution; create view Execution as "
    "with recursive r(n) as (select 1 union all select n + 1 from r) select n from r;",
    "create trigger t after insert on Execution begin delete from Artifact; end;",
    "create table more (x default (randomblob(1000000)));",
    "pragma user_version = -1;",
    "pragma journal_mode = wal;",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("backups")


def database(file, script):
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
    return file


@pytest.fixture(scope="module")
def sound(place):
    return database(place / "sound.sqlite", TABLES).read_bytes()


@fuzzed(60, data=st.data())
def test_a_damaged_backup_is_put_back_whole_or_refused_by_name(place, sound, data):
    backup = place / "backup.sqlite"
    backup.write_bytes(data.draw(damaged(sound) | odd_bytes))
    assert_restored_or_refused(place, backup)


@pytest.mark.parametrize("script", HOSTILE)
def test_a_backup_of_odd_content_is_put_back_whole_or_refused_by_name(place, script):
    assert_restored_or_refused(place, database(place / "hostile.sqlite", TABLES + script))


def assert_restored_or_refused(place, backup):
    store = database(place / "store.sqlite", TABLES + "insert into Execution values (3, 'c');")
    before = store.read_bytes()
    try:
        done = put_back(backup, store)
    except HeadraceError as error:
        assert str(backup) in error.message
        assert store.read_bytes() == before
        return
    finally:
        kept = [file for file in place.iterdir() if ".before-" in file.name]
        for file in kept:
            assert file.read_bytes() == before
            file.unlink()
        left = {file.name for file in place.iterdir() if file.name.startswith(".store")}
    assert left == set()
    with closing(sqlite3.connect(store)) as connection:
        [(executions,)] = connection.execute("select count(*) from Execution").fetchall()
    assert executions == done.executions
