import fcntl
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.keeping.backups import back_up, default_file, put_back, store_file
from headrace.keeping.idle import require_idle
from headrace.settings import Settings, load_settings

SCHEMA = """
create table MLMDEnv (schema_version integer);
insert into MLMDEnv values (10);
create table Execution (id integer primary key);
create table Artifact (id integer primary key);
insert into Execution values (1), (2);
insert into Artifact values (1);
"""


def made(file: Path, more: str = "") -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(SCHEMA + more)
    return file


def executions(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("select count(*) from Execution").fetchone()[0])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return made(tmp_path / "metadata.sqlite")


def test_a_copy_is_the_store_and_only_its_owners(store: Path, tmp_path: Path) -> None:
    done = back_up(store, tmp_path / "deeper" / "copy.sqlite")
    copy = Path(done.file)
    assert (done.schema, done.executions, done.artifacts) == (10, 2, 1)
    assert (executions(copy), done.bytes) == (2, copy.stat().st_size)
    assert copy.stat().st_mode & 0o077 == 0
    assert [file.name for file in copy.parent.iterdir()] == ["copy.sqlite"]


def test_a_copy_holds_what_was_committed_while_another_writes(store: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("insert into Execution values (3)")
        assert back_up(store, tmp_path / "copy.sqlite").executions == 2
        writer.execute("commit")
    assert executions(store) == 3


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("update MLMDEnv set schema_version = 'ten';", "is no metadata store"),
        (
            "drop table Execution; create view Execution as with recursive r(n) as "
            "(select 1 union all select n + 1 from r) select n from r;",
            "is no metadata store",
        ),
    ],
    ids=["a text as version", "an endless view"],
)
def test_a_backup_that_only_looks_like_a_store_is_refused(
    store: Path, tmp_path: Path, script: str, reason: str
) -> None:
    before = store.read_bytes()
    with pytest.raises(HeadraceError, match=reason):
        put_back(made(tmp_path / "backup.sqlite", script), store)
    assert store.read_bytes() == before


def test_a_copy_goes_over_no_file(store: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        back_up(store, tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").read_text() == "mine"


@pytest.mark.parametrize("content", [b"no database at all" * 99, b""])
def test_what_is_no_store_is_neither_copied_nor_put_back(
    store: Path, tmp_path: Path, content: bytes
) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(content)
    with pytest.raises(HeadraceError, match=r"other\.sqlite|copy\.sqlite"):
        back_up(other, tmp_path / "copy.sqlite")
    with pytest.raises(HeadraceError, match=r"other\.sqlite"):
        put_back(other, store)
    assert executions(store) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "metadata.sqlite",
        "other.sqlite",
    ]


def test_a_damaged_copy_is_not_put_back(store: Path, tmp_path: Path) -> None:
    more = "create table T (t text);" + "insert into T values (hex(randomblob(4000)));" * 20
    copy = made(tmp_path / "copy.sqlite", more + "create index I on T (t);")
    data = bytearray(copy.read_bytes())
    data[-6000:-2000] = bytes(4000)
    copy.write_bytes(data)
    with pytest.raises(HeadraceError, match=r"copy\.sqlite"):
        put_back(copy, store)
    assert executions(store) == 2


def test_the_store_that_is_replaced_is_kept(store: Path, tmp_path: Path) -> None:
    copy = back_up(store, tmp_path / "copy.sqlite").file
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("insert into Execution values (3)")
    store.chmod(0o640)
    done = put_back(Path(copy), store)
    assert (executions(store), executions(Path(done.previous)), done.executions) == (2, 3, 2)
    assert store.stat().st_mode & 0o777 == 0o640
    assert executions(Path(copy)) == 2


def test_a_store_can_be_put_where_none_is(store: Path, tmp_path: Path) -> None:
    place = tmp_path / "new" / "metadata.sqlite"
    assert put_back(store, place).previous == ""
    assert executions(place) == 2


def test_what_a_killed_writer_left_does_not_spoil_the_store_that_is_put_back(
    store: Path, tmp_path: Path
) -> None:
    copy = Path(back_up(store, tmp_path / "copy.sqlite").file)
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('pragma cache_size=1'); c.execute('begin')\n"
        "c.execute('create table Big (t text)')\n"
        "for _ in range(500): c.execute('insert into Big values (hex(randomblob(2000)))')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(store)], check=False)
    assert Path(f"{store}-journal").exists()
    done = put_back(copy, store)
    assert not Path(f"{store}-journal").exists()
    assert (executions(store), executions(Path(done.previous))) == (2, 2)


def test_a_store_that_a_node_holds_is_not_replaced(store: Path, tmp_path: Path) -> None:
    copy = back_up(store, tmp_path / "copy.sqlite").file
    with Path(f"{store}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(HeadraceError, match="in use"):
            put_back(Path(copy), store)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "copy.sqlite",
        "metadata.sqlite",
        "metadata.sqlite.lock",
    ]


class TestIdle:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return load_settings(tmp_path, environ={"HEADRACE_HOME": str(tmp_path / "home")})

    def test_nothing_runs(self, settings: Settings, store: Path) -> None:
        require_idle(settings, store)

    def test_a_run_does(self, settings: Settings, store: Path) -> None:
        lock = settings.layout.runs / "nightly" / ".lock"
        lock.parent.mkdir(parents=True)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(UsageError, match="run nightly"):
                require_idle(settings, store)

    def test_a_process_has_the_store_open(self, settings: Settings, store: Path) -> None:
        script = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", script, str(store)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as user:
            assert user.stdout is not None
            user.stdout.readline()
            with pytest.raises(UsageError, match=f"process {user.pid}"):
                require_idle(settings, store)
            assert user.stdin is not None
            user.stdin.close()


def test_a_servers_store_is_left_to_its_own_tools(tmp_path: Path) -> None:
    environ = {"HEADRACE_METADATA_URL": "postgresql://me:secret@db/meta"}
    with pytest.raises(UsageError, match="me@db") as caught:
        store_file(load_settings(tmp_path, environ=environ))
    assert "pg_dump" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_backups_of_one_second_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "strftime", lambda *_: "metadata-now")
    settings = load_settings(tmp_path, environ={"HEADRACE_HOME": str(tmp_path)})
    names = []
    for _ in range(3):
        file = default_file(settings)
        file.parent.mkdir(exist_ok=True)
        file.touch()
        names.append(file.name)
    assert names == ["metadata-now.sqlite", "metadata-now-2.sqlite", "metadata-now-3.sqlite"]
