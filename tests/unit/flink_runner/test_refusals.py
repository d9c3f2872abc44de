import pytest

from headrace.flink.job_api import JobRefused
from headrace.flink_runner.refusals import explained

TRACE = """\
org.apache.flink.runtime.rest.handler.RestHandlerException: Could not execute application.
\tat org.apache.flink.runtime.webmonitor.handlers.JarRunHandler.lambda$handleRequest$1(X.java:114)
Caused by: java.util.concurrent.CompletionException: Could not execute application.
\t... 1 more
Caused by: {}
\t... 12 more
"""


@pytest.mark.parametrize(
    ("cause", "message", "hint"),
    [
        (
            "java.lang.IllegalArgumentException: Unknown or unsupported WindowFn: mine",
            "Flink refuses the job: Unknown or unsupported WindowFn: mine",
            "",
        ),
        (
            "java.lang.ClassNotFoundException: org.apache.beam.runners.flink.FlinkPipelineRunner",
            "Flink refuses the job: the runner jar is not on the cluster's class path",
            "unset flink_jobs_directory",
        ),
        (
            "java.io.FileNotFoundException: Resource BEAM-PIPELINE/a/pipeline.json not found on "
            "classpath",
            "Flink refuses the job: the JobManager does not find the job's files",
            "flink_jobs_directory",
        ),
    ],
)
def test_the_innermost_cause_is_the_message(cause: str, message: str, hint: str) -> None:
    found = explained(JobRefused("the cluster answers 400", TRACE.format(cause)))
    assert found.message == message
    assert hint in found.hint
    assert "\tat " not in str(found)
