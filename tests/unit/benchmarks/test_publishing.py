import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import publishing
from headrace.errors import UsageError
from headrace.settings import load_settings

PAGE = """# Performance

<!-- measured: machine -->
<!-- end of machine -->

<!-- measured: launch -->
of old
<!-- end of launch -->

<!-- measured: growth -->
stays
<!-- end of growth -->
"""
ROWS = [
    {
        "benchmark": "launch",
        "subject": subject,
        "figure": "start (s)",
        "summary": {"median": median, "low": 0.05, "high": 1234.5, "runs": 3},
        "ratio": ratio,
        "size": None,
    }
    for subject, median, ratio in (("ours", 0.1, None), ("peer", 10.0, 0.01))
]
DOCUMENT = {
    "machine": {
        "cores": 2,
        "processor": "A fast one",
        "memory_bytes": 24e9,
        "platform": "Linux",
        "python": "3.12.1",
    },
    "versions": {"headrace": "abc123", "tfx": "1.21.0"},
    "busy": {"launch": [0.04, 1.2]},
    "rows": ROWS,
}


def test_a_benchmarks_block_is_written_anew_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Drawing needs an environment of its own, which is not installed for a unit test.
    monkeypatch.setattr(publishing, "draw", lambda *arguments: [])
    page = tmp_path / "docs" / "performance.md"
    page.parent.mkdir()
    page.write_text(PAGE)
    results = tmp_path / "results.json"
    results.write_text(json.dumps(DOCUMENT))
    settings = replace(load_settings(tmp_path, environ={}), project=tmp_path)
    published = publishing.publish([results], settings, tmp_path / "log")
    assert published == ["machine", "launch"]
    text = page.read_text()
    assert "of old" not in text
    assert "stays" in text
    assert "| start (s) | ours | 0.1 | 0.05 to 1,234 | 3 |  |" in text
    assert "|  | peer | 10 | 0.05 to 1,234 | 3 | 0.01 |" in text
    assert "2 cores of A fast one, 24 GB of memory, Linux, Python 3.12.1; tfx 1.21.0." in text
    assert "Measured at commit abc123. Other work just before and after: 0.0 and 1.2 proc" in text


def test_another_file_is_wrong_use(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[]")
    with pytest.raises(UsageError, match="is no result of a benchmark"):
        publishing.publish([other], load_settings(tmp_path, environ={}), tmp_path / "log")
