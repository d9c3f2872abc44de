import re
from pathlib import Path

import pytest

from headrace.bootstrap.locks import find_locked, read_lock, with_files
from headrace.errors import HeadraceError

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
LOCK = """# header
alpha==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via beta
beta==2.0 ; python_full_version < '3.11' \\
    --hash=sha256:{b}
""".format(a="a" * 64, b="b" * 64)


def test_a_lock_is_read_with_versions_and_hashes():
    alpha, beta = read_lock(LOCK)
    assert (alpha.name, alpha.version, alpha.hashes) == ("alpha", "1.0", {"a" * 64, "b" * 64})
    assert (beta.name, beta.version, beta.hashes) == ("beta", "2.0", {"b" * 64})


def test_a_package_is_swapped_for_a_file_and_nothing_else_changes():
    swapped = with_files(LOCK, {"alpha": (Path("/some where/alpha.whl"), "c" * 64)})
    assert f"alpha @ file:///some%20where/alpha.whl \\\n    --hash=sha256:{'c' * 64}\n" in swapped
    assert "alpha==1.0" not in swapped
    assert swapped[swapped.index("    # via") :] == LOCK[LOCK.index("    # via") :]


def test_a_package_that_the_lock_lacks_is_an_error_that_names_both():
    with pytest.raises(HeadraceError, match=r"tfx\.txt: expected gamma once"):
        find_locked(LOCK, "gamma", Path("tfx.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_our_locks_have_hashes_and_no_address_or_path(lock):
    text = lock.read_text(encoding="utf-8")
    entries = read_lock(text)
    assert entries
    assert all(entry.hashes for entry in entries)
    lines = [line for line in text.splitlines() if re.match(r"^[A-Za-z0-9]", line)]
    assert len(lines) == len(entries)
    assert "://" not in text
    assert " @ " not in text
    assert not re.search(r"(^|\s)/|--(index|extra|find)", text)


@pytest.mark.parametrize("side", ["airflow", "tfx"])
def test_the_tests_tools_agree_with_the_environment_that_they_join(side):
    base = {(e.name, e.version) for e in read_lock((REQUIREMENTS / f"{side}.txt").read_text())}
    tools = {(e.name, e.version) for e in read_lock((REQUIREMENTS / f"dev-{side}.txt").read_text())}
    both = {name for name, _ in base} & {name for name, _ in tools}
    assert {pair for pair in tools if pair[0] in both} <= base


def test_what_is_repaired_is_locked_once_for_every_python():
    text = (REQUIREMENTS / "tfx.txt").read_text(encoding="utf-8")
    for name in ("ml-metadata", "tensorflow-data-validation"):
        assert len(find_locked(text, name, REQUIREMENTS / "tfx.txt").hashes) >= 4
