import json

import pytest

from headrace.components.columnar_example_gen.bad_rows import BadRow


@pytest.mark.parametrize("text", ["é", "half \ud800", "two\nlines", "\u2028", "\0"])
def test_a_bad_row_is_one_line_of_json_whatever_is_in_it(text):
    line = BadRow("f.jsonl", 3, f"an object with the name {text} twice", text).as_json()
    assert line.count(b"\n") == 1
    found = json.loads(line.decode("utf-8"))
    assert (found["line"], found["text"]) == (3, text)
