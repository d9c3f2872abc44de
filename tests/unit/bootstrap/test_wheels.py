import base64
import csv
import hashlib
import io
import zipfile

import pytest

from headrace.bootstrap.locks import Locked
from headrace.bootstrap.wheels import (
    file_sha256,
    packages_to_repair,
    repair_wheel,
    verify_published,
)
from headrace.errors import HeadraceError

NAME = "pkg-1.0-cp312-cp312-manylinux_2_39_x86_64.whl"


def write_wheel(directory, module):
    directory.mkdir(exist_ok=True)
    wheel = directory / NAME
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/", "")
        archive.writestr("pkg/__init__.py", "x = 1\n")
        archive.writestr("pkg/x.so", module)
        archive.writestr("pkg-1.0.dist-info/WHEEL", "Tag: cp312-cp312-manylinux_2_39_x86_64\n")
        archive.writestr("pkg-1.0.dist-info/RECORD", "stale,,\n")
    return wheel


def test_a_repaired_wheel_is_tagged_for_older_machines_and_records_its_files(compiled, tmp_path):
    module = compiled("parse")
    repaired = repair_wheel(write_wheel(tmp_path / "in", module), tmp_path)

    assert repaired.path == tmp_path / "pkg-1.0-cp312-cp312-manylinux_2_34_x86_64.whl"
    assert repaired.changes == ("__isoc23_strtol -> strtol",)
    assert repaired.sha256 == file_sha256(repaired.path)
    with zipfile.ZipFile(repaired.path) as archive:
        assert b"manylinux_2_34" in archive.read("pkg-1.0.dist-info/WHEEL")
        assert b"manylinux_2_39" not in archive.read("pkg-1.0.dist-info/WHEEL")
        rows = list(csv.reader(io.StringIO(archive.read("pkg-1.0.dist-info/RECORD").decode())))
        files = {name for name in archive.namelist() if not name.endswith("/")}
        assert {row[0] for row in rows} == files
        for name, recorded, size in rows:
            if name.endswith("RECORD"):
                continue
            data = archive.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert (recorded, int(size)) == (f"sha256={digest}", len(data))


def test_repairing_twice_gives_the_same_file(compiled, tmp_path):
    wheel = write_wheel(tmp_path / "in", compiled("parse"))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = repair_wheel(wheel, tmp_path / "a"), repair_wheel(wheel, tmp_path / "b")
    assert first.path.read_bytes() == second.path.read_bytes()


def test_an_unknown_symbol_names_the_wheel_and_leaves_nothing_behind(compiled, tmp_path):
    module = compiled("unknown symbol")
    wheel = write_wheel(tmp_path / "in", module)
    (tmp_path / "out").mkdir()
    with pytest.raises(HeadraceError, match=rf"{NAME} cannot be repaired.*pkg/x\.so.*brand_new"):
        repair_wheel(wheel, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_wheel_that_cannot_be_read_is_one_clear_error(tmp_path):
    wheel = tmp_path / NAME
    wheel.write_bytes(b"half a downlo")
    with pytest.raises(HeadraceError, match=f"{NAME} cannot be read"):
        repair_wheel(wheel, tmp_path)
    assert list(tmp_path.iterdir()) == [wheel]


def test_a_wheel_for_another_platform_is_not_guessed_at(tmp_path):
    wheel = tmp_path / "pkg-1.0-cp312-cp312-manylinux_2_41_x86_64.whl"
    wheel.write_bytes(b"")
    with pytest.raises(HeadraceError, match="manylinux_2_39_x86_64"):
        repair_wheel(wheel, tmp_path)


def test_a_wheel_with_an_unexpected_hash_is_refused(tmp_path):
    wheel = tmp_path / NAME
    wheel.write_bytes(b"something else")
    locked = Locked("pkg", "1.0", frozenset({"0" * 64}), "")
    with pytest.raises(HeadraceError, match="not the file that the lock names"):
        verify_published(wheel, locked)
    verify_published(wheel, Locked("pkg", "1.0", frozenset({file_sha256(wheel)}), ""))


@pytest.mark.parametrize(
    ("glibc", "repaired"),
    [((2, 34), True), ((2, 36), True), ((2, 38), True), ((2, 39), False), ((2, 41), False)],
)
def test_wheels_are_repaired_only_where_the_published_ones_do_not_load(glibc, repaired):
    expected = ("ml-metadata", "tensorflow-data-validation") if repaired else ()
    assert packages_to_repair(glibc) == expected
