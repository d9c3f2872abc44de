"""A stream of arriving files becomes complete, immutable spans of tf.Examples.

It has one name, ``headrace.components.stream_example_gen``, however it is imported: a wheel has no
other, and harnesses import by name what was pickled.
"""

from headrace.components.stream_example_gen.stream import FileStream

__all__ = ["FileStream"]
