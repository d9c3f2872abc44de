import traceback

from headrace.flink.traces import java_cause, python_error, told_reason
from headrace.launcher.failures import describe

HARNESS = """\
org.apache.flink.runtime.JobException: Recovery is suppressed by a strategy
\tat org.apache.flink.runtime.executiongraph.Something.handle(Something.java:219)
Caused by: java.util.concurrent.ExecutionException: java.lang.RuntimeException: Error received \
from SDK harness for instruction 4: Traceback (most recent call last):
  File "apache_beam/runners/common.py", line 1498, in apache_beam.runners.common.DoFnRunner.process
  File "/home/me/pipelines/x.py", line 11, in boom
    raise ValueError("cannot do b")
ValueError: cannot do b

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "apache_beam/runners/common.py", line 1588, in apache_beam.runners.common.DoFnRunner.process
  File "/home/me/pipelines/x.py", line 11, in boom
    raise ValueError("cannot do b")
ValueError: cannot do b [while running 'Map(boom)']

\tat java.base/java.util.concurrent.CompletableFuture.reportGet(CompletableFuture.java:396)
Caused by: java.lang.RuntimeException: Error received from SDK harness for instruction 4: Traceback
\t... 12 more
"""
LOST = """\
org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
\tat org.apache.flink.runtime.executiongraph.Something.handle(Something.java:219)
Caused by: org.apache.flink.util.FlinkException: TaskExecutor akka was lost.
\t... 5 more
"""


def test_the_python_exception_is_found_in_the_java_trace() -> None:
    found = python_error([LOST, HARNESS])
    assert found is not None
    assert (found.error_type, found.text) == ("ValueError", "cannot do b")
    assert "\tat java.base" not in found.traceback
    assert found.traceback.count("Traceback (most recent call last):") == 2


def test_a_program_that_does_not_catch_it_prints_the_step_and_the_harnesss_traceback() -> None:
    found = python_error([HARNESS.replace("'Map(boom)'", "'Map(boom)-ptransform-14'")])
    printed = "".join(traceback.format_exception(found))
    assert 'File "/home/me/pipelines/x.py", line 11, in boom' in printed
    assert printed.endswith("CarriedError: ValueError: cannot do b [in step 'Map(boom)']\n")
    assert "java" not in printed


def test_a_user_reads_the_type_the_text_and_the_line_of_the_code() -> None:
    found = python_error([HARNESS])
    assert found is not None
    frame = describe(found, "Transform")
    assert frame.message == ("node Transform: /home/me/pipelines/x.py:11: ValueError: cannot do b")
    assert frame.error_type == "ValueError"
    assert frame.traceback.startswith('Traceback (most recent call last):\n  File "apache_beam')


def test_a_line_of_compiled_beam_is_not_the_users() -> None:
    trace = HARNESS.replace("/home/me/pipelines/x.py", "apache_beam/runners/common.py")
    found = python_error([trace])
    assert found is not None
    assert describe(found).message == "ValueError: cannot do b"


def test_an_exception_of_a_module_of_several_lines() -> None:
    trace = (
        "x: Error received from SDK harness for instruction 4: Traceback (most recent call last):\n"
        '  File "/a.py", line 1, in f\n'
        "tensorflow.errors.NotFoundError: no such file\nDid you mean: that one\n\n"
        "\tat java.Something(Something.java:1)\n"
    )
    found = python_error([trace])
    assert found is not None
    assert found.error_type == "NotFoundError"
    assert found.text == "no such file\nDid you mean: that one"


def test_an_exception_without_a_text() -> None:
    found = python_error(
        ['Traceback (most recent call last):\n  File "/a.py", line 1, in f\nStopIteration\n']
    )
    assert found is not None
    assert (found.error_type, found.text) == ("StopIteration", "")


def test_a_trace_without_python_names_its_innermost_cause() -> None:
    assert python_error([LOST]) is None
    assert java_cause([LOST]) == "TaskExecutor akka was lost."
    assert java_cause([]) == ""


def test_the_last_reason_is_told_in_one_line() -> None:
    assert told_reason([LOST, HARNESS]) == "ValueError: cannot do b [in step 'Map(boom)']"
    assert told_reason([HARNESS, LOST]) == "TaskExecutor akka was lost."
    assert told_reason([]) == ""
    long = told_reason([HARNESS.replace("cannot do b", "no " * 1000)])
    assert len(long) < 600
    assert long.endswith("no ...")
