"""What this machine is: its system, C library, memory, package manager and interpreter."""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# A family of distributions, by ID or ID_LIKE of /etc/os-release -> its install command.
_INSTALL_COMMANDS = {
    "debian": "apt-get install -y",
    "ubuntu": "apt-get install -y",
    "fedora": "dnf install -y",
    "rhel": "dnf install -y",
    "centos": "dnf install -y",
    "suse": "zypper install -y",
    "arch": "pacman -S --needed",
    "alpine": "apk add",
    "darwin": "brew install",
}


@dataclass(frozen=True)
class Interpreter:
    """The Python that environments are made with: never itself a virtual environment's."""

    executable: Path
    version: tuple[int, int, int]

    @property
    def short(self) -> str:
        """As in ``python3.12``."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def tag(self) -> str:
        """As in a wheel's name: ``cp312``."""
        return f"cp{self.version[0]}{self.version[1]}"

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} ({self.executable})"


@dataclass(frozen=True)
class Machine:
    """What the checks look at, apart from the file system."""

    system: str
    architecture: str
    glibc: tuple[int, int] | None
    memory: int | None
    """Bytes that processes here may use; None: unknown."""
    family: str
    """The family of distributions that names packages: debian, fedora, ...; empty: unknown."""
    as_root: bool

    def install_command(self, packages: Iterable[str]) -> str:
        """Return the command that installs packages here, or empty when that is not known."""
        command = _INSTALL_COMMANDS.get(self.family)
        names = " ".join(dict.fromkeys(packages))
        if command is None or not names:
            return ""
        sudo = "" if self.as_root or self.family == "darwin" else "sudo "
        return f"{sudo}{command} {names}"


def running_interpreter() -> Interpreter:
    """Return the installed Python behind the one that runs this."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    return Interpreter(Path(os.path.realpath(base)), sys.version_info[:3])


def include_directory() -> Path:
    """Return where the running Python's C headers are, or would be."""
    return Path(sysconfig.get_path("include", vars={"base": sys.base_prefix}))


def this_machine() -> Machine:
    """Look at the machine that this runs on."""
    system = platform.system().lower()
    return Machine(
        system=system,
        architecture=platform.machine(),
        glibc=_glibc(),
        memory=_memory(),
        family=_family(system),
        as_root=os.geteuid() == 0,
    )


def family_of(os_release: str) -> str:
    """Return the family of distributions that an /etc/os-release file names, or empty."""
    values: dict[str, str] = {}
    for line in os_release.splitlines():
        key, separator, value = line.partition("=")
        if separator:
            values[key.strip()] = value.strip().strip("\"'")
    names = [values.get("ID", ""), *values.get("ID_LIKE", "").split()]
    for name in names:
        known = "suse" if name.startswith(("opensuse", "sles")) else name
        if known in _INSTALL_COMMANDS:
            return known
    return ""


def without_credentials(text: str) -> str:
    """Return text with the user and password of every address in it blotted out."""
    return re.sub(r"(\w://)[^/@\s'\"]+@", r"\1****@", text)


def proxy_of(environ: Mapping[str, str]) -> str:
    """Return the proxy that downloads go through, without credentials; empty: none."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        if environ.get(name):
            return without_credentials(environ[name])
    return ""


def _glibc() -> tuple[int, int] | None:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        major, minor = version.split(".")[:2]
    except (ValueError, OSError):
        return None
    return (int(major), int(minor)) if name == "glibc" else None


def _memory() -> int | None:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return total
    return min(total, limit)


def _family(system: str) -> str:
    if system == "darwin":
        return "darwin"
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            return family_of(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
    return ""
