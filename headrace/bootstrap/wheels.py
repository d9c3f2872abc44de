"""Repairs published wheels that ask for a newer C library than this machine has."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from headrace.bootstrap.elf import ElfError, rebind
from headrace.bootstrap.locks import Locked
from headrace.errors import HeadraceError

PUBLISHED_GLIBC = (2, 39)
"""The C library that the published Linux wheels ask for: from there on they are used unchanged."""

OLDEST_GLIBC = (2, 34)
"""The oldest C library that the repaired wheels run on."""

REPAIRED_PACKAGES = ("ml-metadata", "tensorflow-data-validation")

PUBLISHED_PLATFORM = "manylinux_2_39_x86_64"
REPAIRED_PLATFORM = "manylinux_2_34_x86_64"

REPAIR_FORMAT = 1
"""Raised when the repair comes to write other bytes, so that cached wheels are made again."""


@dataclass(frozen=True)
class RepairedWheel:
    """A wheel written by the repair."""

    path: Path
    sha256: str
    changes: tuple[str, ...]


def packages_to_repair(glibc: tuple[int, int]) -> tuple[str, ...]:
    """Return the packages whose published wheels this machine's C library cannot load."""
    return REPAIRED_PACKAGES if glibc < PUBLISHED_GLIBC else ()


def verify_published(wheel: Path, locked: Locked) -> None:
    """Check a downloaded wheel against the lock.

    Raises:
        HeadraceError: its hash is not one of the lock's.
    """
    digest = file_sha256(wheel)
    if digest not in locked.hashes:
        raise HeadraceError(
            f"{wheel.name} is not the file that the lock names (its sha256 is {digest})",
            "nothing was installed from it; check the package index or mirror it came from",
        )


def repair_wheel(wheel: Path, directory: Path) -> RepairedWheel:
    """Write the wheel, repaired and re-tagged, into ``directory``; the same bytes every time.

    Raises:
        HeadraceError: the wheel needs a symbol that has no known older equal.
    """
    if PUBLISHED_PLATFORM not in wheel.name:
        raise HeadraceError(f"{wheel.name}: expected a wheel for {PUBLISHED_PLATFORM}")
    target = directory / wheel.name.replace(PUBLISHED_PLATFORM, REPAIRED_PLATFORM)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=directory)
    os.close(descriptor)
    aside = Path(name)
    try:
        with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(aside, "w") as repaired:
            changes = _copy_repaired(source, repaired, wheel.name)
        digest = file_sha256(aside)
        os.chmod(aside, 0o644)
        os.replace(aside, target)
    except zipfile.BadZipFile as error:
        raise HeadraceError(f"{wheel.name} cannot be read: {error}") from None
    except ElfError as error:
        raise HeadraceError(
            f"{wheel.name} cannot be repaired for this machine: {error.message}",
            f"use a machine with glibc {_dotted(PUBLISHED_GLIBC)} or newer, where it runs as it is",
        ) from None
    finally:
        aside.unlink(missing_ok=True)
    return RepairedWheel(target, digest, changes)


def file_sha256(path: Path) -> str:
    """Return the file's sha256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def _copy_repaired(source: zipfile.ZipFile, target: zipfile.ZipFile, label: str) -> tuple[str, ...]:
    record: list[str] = []
    changes: list[str] = []
    record_entry: zipfile.ZipInfo | None = None
    for entry in source.infolist():
        if entry.filename.endswith(".dist-info/RECORD"):
            record_entry = entry
            continue
        data = source.read(entry)
        if data[:4] == b"\x7fELF":
            data, done = rebind(data, f"{entry.filename} in {label}")
            changes += done
        elif entry.filename.endswith(".dist-info/WHEEL"):
            data = data.replace(PUBLISHED_PLATFORM.encode(), REPAIRED_PLATFORM.encode())
        _store(target, entry, data)
        if not entry.is_dir():
            record.append(f"{_quoted(entry.filename)},sha256={_record_digest(data)},{len(data)}")
    if record_entry is None:
        raise HeadraceError(f"{label} is not a wheel: it has no RECORD")
    record.append(f"{_quoted(record_entry.filename)},,")
    _store(target, record_entry, ("\n".join(record) + "\n").encode())
    return tuple(changes)


def _store(target: zipfile.ZipFile, entry: zipfile.ZipInfo, data: bytes) -> None:
    # A new entry: the old one carries sizes and extra fields of its own. Stored, not compressed,
    # so that the bytes do not depend on the machine's compression library.
    copy = zipfile.ZipInfo(entry.filename, entry.date_time)
    copy.external_attr = entry.external_attr
    copy.create_system = 3
    target.writestr(copy, data, zipfile.ZIP_STORED)


def _record_digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
