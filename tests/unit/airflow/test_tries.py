from types import SimpleNamespace

import pytest

from headrace.airflow.tries import has_another_try, tries_before_clear


@pytest.mark.parametrize(
    ("number", "more", "expected"), [(1, 0, False), (1, 1, True), (2, 1, False)]
)
def test_the_last_try_knows_that_it_is(number: int, more: int, expected: bool) -> None:
    assert has_another_try(SimpleNamespace(try_number=number, max_tries=more)) is expected


@pytest.mark.parametrize(
    ("number", "most", "retries", "expected"),
    [
        pytest.param(1, 2, 2, 0, id="first try"),
        pytest.param(3, 2, 2, 0, id="last retry"),
        pytest.param(2, 3, 2, 1, id="cleared after its first try"),
        pytest.param(3, 3, 2, 1, id="and tried again"),
        pytest.param(1, 0, 2, 0, id="more retries than when the run began"),
    ],
)
def test_a_clear_is_told_from_a_retry(number: int, most: int, retries: int, expected: int) -> None:
    instance = SimpleNamespace(try_number=number, max_tries=most)
    assert tries_before_clear(instance, retries) == expected
