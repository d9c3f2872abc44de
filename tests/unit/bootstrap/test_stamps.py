from dataclasses import replace

from headrace.bootstrap import stamps
from headrace.bootstrap.stamps import Stamp

STAMP = Stamp("/envs/tfx", "/usr/bin/python3.12 3.12", "packages", "", "project")


def test_a_finished_environment_has_its_stamp(tmp_path):
    stamps.end_change(tmp_path, STAMP)
    assert stamps.read_stamp(tmp_path) == STAMP
    assert not stamps.is_half_made(tmp_path)


def test_a_change_that_never_ended_leaves_no_stamp_and_is_known(tmp_path):
    stamps.end_change(tmp_path, STAMP)
    stamps.begin_change(tmp_path)
    assert stamps.read_stamp(tmp_path) is None
    assert stamps.is_half_made(tmp_path)


def test_an_environment_without_a_stamp_is_not_taken_for_half_made(tmp_path):
    assert stamps.read_stamp(tmp_path) is None
    assert not stamps.is_half_made(tmp_path)


def test_a_stamp_of_another_shape_counts_as_half_made(tmp_path):
    (tmp_path / stamps.STAMP_NAME).write_text('{"location": 3}')
    assert stamps.read_stamp(tmp_path) is None
    assert stamps.is_half_made(tmp_path)


def test_stamps_differ_in_each_of_their_parts():
    others = [replace(STAMP, **{name: "other"}) for name in vars(STAMP)]
    assert STAMP not in others
    assert len(set(others)) == len(others)


def test_a_digest_keeps_its_parts_apart():
    assert stamps.digest("ab", "c") != stamps.digest("a", "bc")
    assert stamps.digest("ab", "c") == stamps.digest(b"ab", "c")


def test_the_wrapper_is_told_what_was_made_and_can_be_untold(tmp_path):
    stamps.write_ready(tmp_path, "key /root", "python3.12", with_tools=True)
    assert (tmp_path / ".ready").read_text() == "key /root\npython3.12\ndev\n"
    stamps.drop_ready(tmp_path)
    stamps.drop_ready(tmp_path)
    assert not (tmp_path / ".ready").exists()
