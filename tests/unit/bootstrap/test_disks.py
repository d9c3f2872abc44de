import os

from headrace.bootstrap.disks import cached_bytes, rooms_needed, uv_cache

GIGABYTE = 10**9


def test_on_one_disk_what_is_cached_already_takes_no_new_room(tmp_path):
    environ = {"UV_CACHE_DIR": str(tmp_path / "cache")}
    (cold,) = rooms_needed(tmp_path / "home", environ, 100 * 1000 * 1000)
    (tmp_path / "cache").mkdir()
    os.truncate(os.open(tmp_path / "cache" / "wheel", os.O_RDWR | os.O_CREAT), 100 * 1000 * 1000)
    (warm,) = rooms_needed(tmp_path / "home", environ, 100 * 1000 * 1000)
    assert warm.needed < cold.needed


def test_nothing_to_make_needs_no_room(tmp_path):
    (room,) = rooms_needed(tmp_path, {"UV_CACHE_DIR": str(tmp_path)}, 0)
    assert room.needed == 0


def test_copies_take_their_room_twice(tmp_path):
    environ = {"UV_CACHE_DIR": str(tmp_path / "cache")}
    (linked,) = rooms_needed(tmp_path / "home", environ, GIGABYTE)
    (copied,) = rooms_needed(tmp_path / "home", {**environ, "UV_LINK_MODE": "copy"}, GIGABYTE)
    assert copied.needed == linked.needed + GIGABYTE


def test_what_is_replaced_gives_its_own_room_back(tmp_path):
    environ = {"UV_CACHE_DIR": str(tmp_path / "cache")}
    old = tmp_path / "old"
    old.mkdir()
    (old / "own").write_bytes(b"x" * 5000)
    (old / "shared").write_bytes(b"y" * 7000)
    os.link(old / "shared", tmp_path / "elsewhere")
    (without,) = rooms_needed(tmp_path, environ, GIGABYTE)
    (with_old,) = rooms_needed(tmp_path, environ, GIGABYTE, replaced=(old,))
    # Other processes use the disk meanwhile; the shared file alone must not be counted.
    assert abs(with_old.free - without.free) < GIGABYTE
    assert with_old.needed == without.needed


def test_counting_the_cache_ends_once_there_is_enough(tmp_path):
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x" * 1000)
    assert 2000 <= cached_bytes(tmp_path, 2000) < 5000
    assert cached_bytes(tmp_path / "missing", 2000) == 0


def test_the_cache_is_where_uv_has_it(tmp_path):
    assert uv_cache({"UV_CACHE_DIR": "/a"}).as_posix() == "/a"
    assert uv_cache({"XDG_CACHE_HOME": "/b"}).as_posix() == "/b/uv"
