"""ColumnarExampleGen: files into examples by columns. docs/columnar_example_gen.md has all of it.

The component has one name, ``headrace.components.columnar_example_gen``, however it is imported,
because TFX records the import path of its executor.
"""

from headrace.components.columnar_example_gen.component import ColumnarExampleGen

__all__ = ["ColumnarExampleGen"]
