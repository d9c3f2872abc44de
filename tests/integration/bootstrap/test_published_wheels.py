"""Repairs the wheels that are really published, for every Python that headrace supports."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from headrace.bootstrap.elf import version_needs
from headrace.bootstrap.locks import find_locked
from headrace.bootstrap.wheels import (
    PUBLISHED_PLATFORM,
    REPAIRED_PACKAGES,
    repair_wheel,
    verify_published,
)

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "requirements" / "tfx.txt"


@pytest.fixture(scope="module")
def published(installer, state):
    """Download a package's wheel for one Python, once for all runs of the tests."""

    def fetch(package, version):
        locked = find_locked(LOCK.read_text(encoding="utf-8"), package, LOCK)
        directory = state.cache / "published-wheels" / version
        pattern = f"{package.replace('-', '_')}-{locked.version}-*.whl"
        if not list(directory.glob(pattern)):
            directory.mkdir(parents=True, exist_ok=True)
            requirements = directory / f"{package}.txt"
            requirements.write_text(locked.text + "\n")
            command = [installer / "python", "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--require-hashes", "--only-binary", ":all:", "--dest", directory]
            command += ["--platform", PUBLISHED_PLATFORM, "--implementation", "cp"]
            command += ["--python-version", version, "-r", requirements]
            subprocess.run(command, check=True)
        (wheel,) = directory.glob(pattern)
        verify_published(wheel, locked)
        return wheel

    return fetch


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("package", REPAIRED_PACKAGES)
def test_the_published_wheel_needs_nothing_too_new_after_the_repair(
    package, version, published, tmp_path
):
    wheel = published(package, version)
    assert _too_new(wheel)
    repaired = repair_wheel(wheel, tmp_path)
    assert repaired.changes
    assert _too_new(repaired.path) == []
    (tmp_path / "again").mkdir()
    assert repair_wheel(wheel, tmp_path / "again").sha256 == repaired.sha256


def _too_new(wheel):
    with zipfile.ZipFile(wheel) as archive:
        modules = [name for name in archive.namelist() if name.endswith(".so")]
        assert modules
        needs = [need for name in modules for need in version_needs(archive.read(name), name)]
    return [need.version for need in needs if need.too_new]
