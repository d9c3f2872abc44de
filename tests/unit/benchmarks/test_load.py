from benchmarks.load import busy_processors

BEFORE = (
    "cpu  100 0 50 1000 10 0 0 0 0 0\ncpu0 50 0 25 500 5 0 0 0 0 0\ncpu1 50 0 25 500 5 0 0 0 0 0\n"
)


def busy(after: str) -> float:
    texts = iter((BEFORE, after))
    return busy_processors(read=lambda: next(texts), wait=lambda seconds: None)


def test_a_processor_that_works_all_the_time_is_one() -> None:
    assert busy(BEFORE.replace("cpu  100 0 50 1000", "cpu  180 0 70 1100")) == 1.0


def test_waiting_for_a_disk_is_not_working() -> None:
    assert busy(BEFORE.replace("1000 10", "1050 60")) == 0.0


def test_no_time_is_no_work() -> None:
    assert busy(BEFORE) == 0.0
