import pytest

from headrace.components.columnar_example_gen.table_source import _named
from headrace.errors import HeadraceError


def test_a_file_that_asks_for_more_memory_than_there_is_is_told_by_name():
    with (
        pytest.raises(HeadraceError, match=r"f\.arrow cannot be read: it says that it has more"),
        _named("f.arrow"),
    ):
        raise MemoryError
