import io

import pytest

from headrace.node.csv_faults import Fault, first_fault

HEADER = b"name,weight\n"


def found(*contents: bytes, seconds: float = 60.0) -> Fault | None:
    files = {f"{number}.csv": content for number, content in enumerate(contents)}
    return first_fault(list(files), lambda name: io.BytesIO(files[name]), seconds)


def test_sound_files_have_no_fault() -> None:
    assert found(HEADER + b'a,1\n\n"b\n,c",2\r\n', HEADER) is None
    assert found(b"") is None


@pytest.mark.parametrize(
    ("row", "line", "reason"),
    [
        (b"b\n", 3, "1 fields where the header has 2: 'b'"),
        (b'"b\nc",1,2\nd,3\n', 3, "3 fields where the header has 2: '\"b\\nc\",1,2'"),
        (b"caf\xe9,1\n", 3, r"byte 0xe9 is not UTF-8: 'caf\\xe9,1'"),
        (b'"b,1\nc,2\n', 3, "a quoted field that begins here does not end"),
        (b"b" * 140_000 + b",1\n", 3, f"field larger than field limit (131072): '{'b' * 60}'..."),
    ],
    ids=["ragged", "ragged over lines", "encoding", "quotes", "large"],
)
def test_the_first_bad_row_is_named(row: bytes, line: int, reason: str) -> None:
    assert found(HEADER + b"a,1\n" + row + b"z\n") == Fault("0.csv", line, reason)


def test_a_file_with_other_columns_is_named() -> None:
    fault = found(HEADER, b"weight,name\n")
    assert str(fault) == (
        "1.csv:1: its columns are ['weight', 'name']; those of 0.csv are ['name', 'weight']"
    )


def test_the_search_ends_in_time() -> None:
    assert found(HEADER + b"a,1\n" * 2000 + b"b\n", seconds=-1) is None
