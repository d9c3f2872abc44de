import base64
import csv
import hashlib
import io
import zipfile

import pytest

from headrace.compiler.user_modules import build_wheel

MODULES = {"b.py": b"x = 1\n", "a.py": b""}


def entries(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def test_the_same_modules_give_the_same_bytes() -> None:
    reordered = dict(reversed(MODULES.items()))
    assert build_wheel("tfx-user-code-T", "0.0+1", MODULES) == build_wheel(
        "tfx-user-code-T", "0.0+1", reordered
    )


@pytest.mark.parametrize("name", ["tfx-user-code-Trainer.2", "Tfx_user.code-Trainer_2"])
def test_the_file_name_is_the_normal_form(name: str) -> None:
    assert build_wheel(name, "0.0+1", {})[0] == "tfx_user_code_trainer_2-0.0+1-py3-none-any.whl"


def test_the_record_has_the_digest_and_size_of_every_entry() -> None:
    found = entries(build_wheel("n", "0.0+1", MODULES)[1])
    rows = {
        row[0]: row[1:]
        for row in csv.reader(io.StringIO(found["n-0.0+1.dist-info/RECORD"].decode()))
    }
    assert set(rows) == set(found)
    for name, (digest, size) in rows.items():
        if name.endswith("RECORD"):
            continue
        expected = base64.urlsafe_b64encode(hashlib.sha256(found[name]).digest()).decode()
        assert (digest, size) == (f"sha256={expected.rstrip('=')}", str(len(found[name])))


def test_modules_are_top_level() -> None:
    found = entries(build_wheel("n", "0.0+1", MODULES)[1])
    assert found["n-0.0+1.dist-info/top_level.txt"] == b"a\nb\n"
    assert found["b.py"] == MODULES["b.py"]
