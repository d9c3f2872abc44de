"""TFX driver of ColumnarExampleGen: which span is read, and what the files' fingerprint is."""

from __future__ import annotations

from tfx.components.example_gen import driver


class Driver(driver.FileBasedDriver):  # type: ignore[misc]
    """TFX's driver of file-based ExampleGens."""
