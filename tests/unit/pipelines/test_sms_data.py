from collections import Counter
from pathlib import Path

import pytest

from pipelines.sms import data


def test_every_message_of_the_package_is_a_line(tmp_path: Path) -> None:
    lines = (data.stage(tmp_path) / data.FILE_NAME).read_text(encoding="utf-8").splitlines()
    assert Counter(line.partition("\t")[0] for line in lines) == {"ham": 4825, "spam": 747}
    assert all(line.partition("\t")[2] for line in lines)


def test_a_text_that_a_comma_has_split_is_whole_again_and_white_space_is_one_blank(tmp_path):
    source = tmp_path / "spam.csv"
    source.write_bytes(b'v1,v2,,,\nham,"one  two", three,,\nspam,"\xa31 a\nb",,,\n')
    assert list(data.messages(source)) == [("ham", "one two, three"), ("spam", "£1 a b")]


def test_a_row_of_another_label_is_refused(tmp_path):
    source = tmp_path / "spam.csv"
    source.write_text("v1,v2\neggs,Hello\n")
    with pytest.raises(ValueError, match="a label is 'eggs'"):
        list(data.messages(source))


def test_preparing_again_changes_nothing_and_leaves_nothing_beside(tmp_path):
    first = data.stage(tmp_path)
    before = (first / data.FILE_NAME).stat().st_mtime_ns
    assert data.stage(tmp_path) == first
    assert (first / data.FILE_NAME).stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.rglob("*")] == ["all", data.FILE_NAME]
