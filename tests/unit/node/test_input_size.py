from pathlib import Path
from types import SimpleNamespace as Artifact

from headrace.node.input_size import input_bytes


def files(directory: Path, *sizes: int) -> str:
    directory.mkdir(parents=True)
    for number, size in enumerate(sizes):
        directory.joinpath(f"part-{number}").write_bytes(b"x" * size)
    return str(directory)


def test_an_example_gen_has_counted_what_it_reads() -> None:
    fingerprint = (
        "split:train,num_files:1,total_bytes:100,xor_checksum:1,sum_checksum:1\n"
        "split:eval,num_files:1,total_bytes:50,xor_checksum:1,sum_checksum:1"
    )
    assert input_bytes({}, {"input_fingerprint": fingerprint}) == 150


def test_any_other_node_reads_its_examples(tmp_path: Path) -> None:
    files(tmp_path / "examples" / "Split-train", 10, 20)
    files(tmp_path / "examples" / "Split-eval", 3)
    examples = Artifact(type_name="Examples", uri=str(tmp_path / "examples"))
    model = Artifact(type_name="Model", uri=files(tmp_path / "model", 1000))
    assert input_bytes({"examples": [examples], "model": [model]}, {}) == 33
    assert input_bytes({"model": [model]}, {}) == 1000


def test_what_cannot_be_counted_is_not_known(tmp_path: Path) -> None:
    missing = Artifact(type_name="Examples", uri=str(tmp_path / "missing"))
    assert input_bytes({"examples": [missing]}, {}) is None
    assert input_bytes({}, {}) is None
