import threading

from headrace.launcher.protocol import LogFrame, decode_frame
from headrace.worker_pool.jobs import FlinkJob, Jobs, JobStream


def said(text: str) -> LogFrame:
    return LogFrame("INFO", text)


def texts(stream: JobStream) -> list[str]:
    frames = [decode_frame(data) for data in stream.follow(lambda: True)]
    return [frame.message for frame in frames if isinstance(frame, LogFrame)]


def test_a_follower_that_comes_late_gets_all_and_returns_at_the_end() -> None:
    stream = JobStream()
    stream.publish(said("one"))
    stream.publish(said("two"))
    stream.end()
    assert texts(stream) == ["one", "two"]
    assert texts(stream) == ["one", "two"]


def test_a_follower_gets_what_is_said_while_it_follows() -> None:
    stream = JobStream()
    stream.publish(said("before"))
    found: list[str] = []
    first = threading.Event()

    def follow() -> None:
        for data in stream.follow(lambda: True):
            frame = decode_frame(data)
            assert isinstance(frame, LogFrame)
            found.append(frame.message)
            first.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert first.wait(10)
    stream.publish(said("after"))
    stream.end()
    thread.join(10)
    assert found == ["before", "after"]


def test_a_follower_that_has_gone_is_let_go() -> None:
    stream = JobStream()
    stream.publish(said("one"))
    assert len(list(stream.follow(lambda: False))) == 1


def test_only_the_newest_frames_are_kept() -> None:
    stream = JobStream()
    for number in range(6000):
        stream.publish(said(str(number)))
    stream.end()
    found = texts(stream)
    assert len(found) == 5000
    assert found[-1] == "5999"


def test_running_jobs_are_those_that_are_bound_and_have_not_ended() -> None:
    jobs = Jobs()
    job = FlinkJob("http://127.0.0.1:1", "id")
    jobs.stream("bound").flink_job = job
    jobs.stream("ended").flink_job = job
    jobs.stream("ended").end()
    jobs.stream("unbound")
    assert jobs.running() == {"bound": job}
