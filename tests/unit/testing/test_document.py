"""The examples of docs/testing.md, written to files and run as its reader would run them."""

import re

import pytest
import tensorflow_model_analysis
from tfx import v1

from tests.documents import PROJECT, examples

LOADED_BEFORE = (v1, tensorflow_model_analysis)
"""pytester forgets modules that are first imported in it, which TensorFlow does not survive."""
NAMED = re.compile(r"# (\w+\.py)\n")
FILES = {
    NAMED.match(item.text)[1].removesuffix(".py"): item.text
    for item in examples("python")
    if item.document == PROJECT / "docs" / "testing.md" and NAMED.match(item.text)
}
NOT_HERE = "multi_processing or flink or test_pipeline"  # need a launcher; have their own tests
pytest_plugins = ["pytester"]


def test_the_tests_of_the_document_pass(pytester: pytest.Pytester) -> None:
    assert {"count_rows", "test_count_rows", "test_skew", "test_runners"} <= set(FILES)
    pytester.makepyfile(**FILES)
    result = pytester.runpytest_inprocess("-q", "-k", f"not ({NOT_HERE})", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=9, deselected=3)
