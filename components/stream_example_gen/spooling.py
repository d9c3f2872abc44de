"""Elements of an unbounded source become files, each element in one of them, over restarts too.

After a failure a source gives again what came after the last checkpoint, and not in the same
portions. So a file is written only when a completed checkpoint has its content: from then on every
restart finds the same content for the same number, and writes the same file.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.coders import BytesCoder, VarIntCoder
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec

from headrace.components.columnar_example_gen.tfrecord import framed

from .files import create_file
from .journal import StreamError

TICK = b""
KEY = b"all"
_ELEMENT = b"+"
"""Before each element, so that none of them is a tick."""
_CHECKPOINTS = 2
"""Beam tells of a checkpoint's end also those bundles that ended after its state was taken. The one
that follows has them for certain, because the next begins after the last has ended."""


def as_line(element: Any) -> bytes:
    """An element as a line of JSON; what is no object becomes one that the reader refuses."""
    if isinstance(element, bytes):
        element = element.decode("utf-8", "backslashreplace")
    if isinstance(element, str):
        return _ELEMENT + " ".join(element.splitlines()).encode("utf-8", "backslashreplace")
    for name in ("as_dict", "_asdict"):  # of beam.Row and of named tuples
        if hasattr(element, name):
            element = getattr(element, name)()
    if not isinstance(element, Mapping):
        element = repr(element)
    return _ELEMENT + json.dumps(element, ensure_ascii=False, default=_plain).encode()


def as_record(element: Any) -> bytes:
    """An element as a serialized tf.Example; one that is none the reader refuses."""
    if hasattr(element, "SerializeToString"):
        element = element.SerializeToString()
    return _ELEMENT + (element if isinstance(element, bytes) else repr(element).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.tolist() if hasattr(value, "tolist") else str(value)


_TOKEN = 16


class Vouched:
    """Which closed contents a completed checkpoint has, as far as this process was told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: dict[tuple[str, int, bytes], int] = {}

    def witness(self, key: tuple[str, int, bytes]) -> Callable[[], None]:
        """What Beam has to call when the bundle that has this content is durable."""
        with self._lock:
            after = self._ended.get(key, 0) + 1

        def told() -> None:
            with self._lock:
                self._ended[key] = max(self._ended.get(key, 0), after)

        return told

    def has(self, key: tuple[str, int, bytes]) -> bool:
        """Whether it is certain."""
        with self._lock:
            return self._ended.get(key, 0) >= _CHECKPOINTS

    def forget_before(self, directory: str, number: int) -> None:
        """Forget what is written."""
        with self._lock:
            for key in [k for k in self._ended if k[0] == directory and k[1] < number]:
                del self._ended[key]


_vouched = Vouched()
_BUFFER = beam.DoFn.StateParam(BagStateSpec("buffer", BytesCoder()))
_CLOSED = beam.DoFn.StateParam(ReadModifyWriteStateSpec("closed", BytesCoder()))
_NUMBER = beam.DoFn.StateParam(ReadModifyWriteStateSpec("number", VarIntCoder()))


class Spool(beam.DoFn):  # type: ignore[misc]
    """Keeps elements, and at ticks makes files of them; all under one key.

    Args:
        directory: that the files appear in, whole: ``NUMBER.jsonl``, or ``NUMBER.tfrecord``.
        records: whether elements are tf.Examples.
    """

    def __init__(self, directory: str, records: bool) -> None:
        self._directory, self._records = directory, records

    def process(
        self,
        element: tuple[bytes, bytes],
        buffer: Any = _BUFFER,
        closed: Any = _CLOSED,
        number: Any = _NUMBER,
        finalizer: Any = beam.DoFn.BundleFinalizerParam,
    ) -> Iterator[Any]:
        """Keep an element; or, at a tick, go on with the file that is to be."""
        if element[1] != TICK:
            buffer.add(element[1][len(_ELEMENT) :])
            return
        content, next_number = closed.read(), number.read() or 0
        if content is None:
            payloads = list(buffer.read())
            if not payloads:
                return
            # Of its own, so that nothing counts for it that was told of another try to close it.
            content = os.urandom(_TOKEN) + self._file(payloads)
            buffer.clear()
            closed.write(content)
        key = (self._directory, next_number, content[:_TOKEN])
        if _vouched.has(key):
            spool(Path(self._directory, self._name(next_number)), content[_TOKEN:])
            closed.clear()
            number.write(next_number + 1)
            _vouched.forget_before(self._directory, next_number + 1)
            yield next_number
        else:
            finalizer.register(_vouched.witness(key))

    def _file(self, payloads: list[bytes]) -> bytes:
        if self._records:
            return bytes(framed(pa.array(payloads, pa.binary()), payloads))
        return b"".join(payload + b"\n" for payload in payloads)

    def _name(self, number: int) -> str:
        return f"{number:08d}.{'tfrecord' if self._records else 'jsonl'}"


def spool(path: Path, content: bytes) -> None:
    """Make the file; the same again does nothing.

    Raises:
        StreamError: it is there with other elements.
    """
    if not create_file(path, content) and path.read_bytes() != content:
        raise StreamError(
            f"{path} is there already, with other elements: does another stream write there? "
            "Give the stream a directory of its own"
        )
