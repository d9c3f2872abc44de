"""The component as a pipeline runs it, on files, with Beam's direct runner."""

import gzip
import json
from pathlib import Path

import pytest
from tensorflow.errors import UnimplementedError
from tfx.proto import example_gen_pb2

from headrace.components.text_example_gen import TextExampleGen
from headrace.errors import HeadraceError
from headrace.testing import examples_frame

COLUMNS = ["label", "text"]


@pytest.fixture
def ingest(component, tmp_path: Path):
    (tmp_path / "data").mkdir()

    def call(base: str = ""):
        """Read what is below ``data``; return the examples."""
        splits = [
            example_gen_pb2.SplitConfig.Split(name=name, hash_buckets=buckets)
            for name, buckets in (("train", 2), ("eval", 1))
        ]
        result = component(
            TextExampleGen,
            input_base=base or str(tmp_path / "data"),
            output_config=example_gen_pb2.Output(
                split_config=example_gen_pb2.SplitConfig(splits=splits)
            ),
            columns=COLUMNS,
            allowed={"label": ("ham", "spam")},
        )
        return result["examples"]

    return call


def test_each_line_of_plain_and_compressed_files_is_an_example_in_one_split(ingest, tmp_path):
    lines = [f"{'spam' if number % 7 == 0 else 'ham'}\tmessage {number} £" for number in range(60)]
    (tmp_path / "data" / "one.txt").write_text("\n".join(lines[:30]))
    with gzip.open(tmp_path / "data" / "two.gz", "wt", encoding="utf-8") as file:
        file.write("\n\n".join(lines[30:]) + "\n")
    examples = ingest()
    found = {split: examples_frame(examples, split) for split in ("train", "eval")}
    rows = ["\t".join(row) for frame in found.values() for row in frame[COLUMNS].to_numpy()]
    assert sorted(rows) == sorted(lines)
    assert all(len(frame) for frame in found.values())


def test_the_steps_of_the_job_are_kept_with_their_time_and_memory(ingest, tmp_path):
    (tmp_path / "data" / "one.txt").write_text("ham\tHello\nspam\tWin\nham\tBye\n" * 20)
    steps = json.loads(Path(ingest().uri, "steps.json").read_text())
    assert [step["step"] for step in steps] == ["Parse lines", "Read lines"]
    assert all(step["seconds"] >= 0 and step["memory_mb"] > 10 for step in steps)


def test_a_bad_line_fails_with_its_file_and_line(ingest, tmp_path):
    (tmp_path / "data" / "a.txt").write_text("ham\tHello\n")
    (tmp_path / "data" / "b.txt").write_text("ham\tHello\nspam Win\n")
    with pytest.raises(HeadraceError, match=r"b\.txt:2: has 1 of the columns label, text"):
        ingest()


def test_a_directory_without_files_fails_with_its_pattern(ingest, tmp_path):
    with pytest.raises(HeadraceError, match=r"no file matches .*/data/\*"):
        ingest()


def test_a_scheme_that_is_on_no_file_system_is_told(ingest):
    with pytest.raises(UnimplementedError, match="File system scheme 'nowhere' not implemented"):
        ingest("nowhere://bucket")  # TFX's driver says so, before the executor would
