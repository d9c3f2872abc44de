"""ColumnarExampleGen: files into examples by columns. docs/columnar_example_gen.md has all of it.

The component has one name, ``headrace.components.columnar_example_gen``, however it is imported,
because TFX records the import path of its executor.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.components.columnar_example_gen.component import ColumnarExampleGen

__all__ = ["ColumnarExampleGen"]


def __getattr__(name: str) -> Any:
    """Import the component, and with it TFX, for those who ask for it: streams only encode rows."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from headrace.components.columnar_example_gen import component

    return getattr(component, name)
