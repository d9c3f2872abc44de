"""Small real pipelines for tests: python-function components, no Beam, done in an instant."""

import os
import signal
import tempfile
import time

from tfx import v1 as tfx

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Text = tfx.types.standard_artifacts.String


@component
def Make(
    text: tfx.dsl.components.OutputArtifact[Text],
    word: Parameter[str],
    count: Parameter[int],
    scale: Parameter[float],
) -> None:
    print(f"making {word} {count} times")
    text.value = f"{word}-{scale}-" * count


@component
def Use(text: tfx.dsl.components.InputArtifact[Text], mode: Parameter[str]) -> None:
    if mode == "raise":
        raise ValueError("the text is of the wrong kind")
    if mode == "sleep":
        time.sleep(600)
    if mode == "segfault":
        os.kill(os.getpid(), 11)
    if mode == "kill-once" and not os.path.exists(marker := os.environ["TINY_MARKER"]):
        open(marker, "w").close()
        os.kill(os.getpid(), 9)
    if mode == "litter":
        print(f"left {tempfile.mkdtemp()}")
        raise ValueError("and gone")
    if mode == "wait":
        marker = os.environ["TINY_MARKER"]
        print(f"waiting as {os.getpid()}", flush=True)
        while not os.path.exists(marker):
            time.sleep(0.05)
        with open(marker) as file:
            told = file.read()
        if told == "fail":
            raise ValueError("told to fail")
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(f"deaf as {os.getpid()}", flush=True)
        time.sleep(600)
    if mode == "spawn":
        os.system("sleep 601 & sleep 602")


def _parameter(name, ptype, default=None):
    return tfx.dsl.experimental.RuntimeParameter(name=name, ptype=ptype, default=default)


def create_pipeline() -> tfx.dsl.Pipeline:
    make = Make(
        word=_parameter("word", str, "ha"),
        count=_parameter("count", int, 2),
        scale=_parameter("scale", float, 0.5),
    )
    use = Use(text=make.outputs["text"], mode=_parameter("mode", str, "fine"))
    return tfx.dsl.Pipeline(pipeline_name="tiny", components=[make, use], enable_cache=True)


def create_demanding() -> tfx.dsl.Pipeline:
    make = Make(word=_parameter("word", str), count=1, scale=1.0)
    return tfx.dsl.Pipeline(pipeline_name="demanding", components=[make])
