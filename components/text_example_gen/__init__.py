"""TextExampleGen: lines of text into examples, read by Beam's text source. See docs/text.md.

The component has one name, ``headrace.components.text_example_gen``, however it is imported,
because TFX records the import path of its executor.
"""

from headrace.components.text_example_gen.component import TextExampleGen

__all__ = ["TextExampleGen"]
