from headrace.flink_runner.result import pause_after


def test_a_long_job_is_asked_for_more_seldom_but_its_end_is_seen_within_half_a_second() -> None:
    assert pause_after(1) < pause_after(30)
    assert pause_after(24 * 3600) < 0.5
