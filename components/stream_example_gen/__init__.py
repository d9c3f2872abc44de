"""A stream of files, or of a source's elements, becomes complete, immutable spans of tf.Examples.

It has one name, ``headrace.components.stream_example_gen``, however it is imported: a wheel has no
other, and harnesses import by name what was pickled.
"""

from headrace.components.stream_example_gen.element_stream import ElementStream
from headrace.components.stream_example_gen.stream import FileStream

__all__ = ["ElementStream", "FileStream"]
