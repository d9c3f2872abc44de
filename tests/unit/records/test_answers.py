import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.records.answers import Answer, the_first_one, the_only_one, those_found
from headrace.records.entities import Records

HERE, THERE = Answer("here", Records(total=1)), Answer("there", Records(total=2))
EMPTY = Answer("empty")
WITHOUT = Answer("without", error=HeadraceError("there is no run 'x'"))
DOWN = Answer("down", error=HeadraceError("store down: refused"), unreadable=True)
VAGUE = Answer("vague", error=UsageError("'x' is more than one run"))


def test_what_any_store_has_is_found_and_stores_that_cannot_be_read_are_told() -> None:
    found, notices = those_found([EMPTY, HERE, WITHOUT, DOWN, THERE])
    assert found == {"here": HERE.records, "there": THERE.records}
    assert notices == ["store down: refused"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([WITHOUT, EMPTY], "no run 'x'"),
        ([WITHOUT, DOWN], "store down"),
        ([HERE, VAGUE], "more than one"),
    ],
)
def test_what_no_store_has_or_is_asked_vaguely_is_an_error(
    answers: list[Answer], said: str
) -> None:
    with pytest.raises(HeadraceError, match=said):
        those_found(answers)


def test_without_any_store_the_first_is_named() -> None:
    said = "nothing has run yet: there is no metadata store at empty"
    assert those_found([EMPTY, Answer("other")]) == ({}, [said])
    with pytest.raises(HeadraceError, match=said):
        the_only_one([EMPTY], "a run 'x'")


def test_one_of_several_stores_must_be_meant() -> None:
    assert the_only_one([EMPTY, WITHOUT, THERE], "a run 'x'") == THERE.records
    with pytest.raises(UsageError, match="a run 'x' is in 2 metadata stores") as caught:
        the_only_one([HERE, THERE], "a run 'x'")
    assert caught.value.hint.splitlines()[1:] == ["here", "there"]


def test_the_project_s_own_store_may_win_and_the_others_are_told() -> None:
    won = the_first_one([HERE, THERE], "an artifact 7")
    assert won.total == 1
    assert won.notice.splitlines()[1:] == ["there"]
    assert the_first_one([WITHOUT, THERE], "an artifact 7") == THERE.records
    with pytest.raises(UsageError):
        the_first_one([EMPTY, THERE, HERE], "an artifact 7")
