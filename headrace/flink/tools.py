"""The programs of this machine that Flink needs, and the error that names what to install."""

from __future__ import annotations

import os
import shutil

from headrace.bootstrap.checks import PACKAGES
from headrace.bootstrap.java import Java, find_java
from headrace.bootstrap.machine import this_machine
from headrace.errors import HeadraceError


def require_java() -> Java:
    """Return a Java that Flink runs on.

    Raises:
        HeadraceError: there is none; the message has the command that installs one.
    """
    java = find_java(os.environ)
    if java is None:
        raise HeadraceError("Flink needs Java 11 or 17, and there is none", _remedy("java"))
    if not java.is_usable:
        raise HeadraceError(
            f"Flink needs Java 11 or 17, and {java.program} is Java {java.version}",
            f"{_remedy('java')}, or let JAVA_HOME name one",
        )
    return java


def require_maven() -> str:
    """Return the path of Maven's program.

    Raises:
        HeadraceError: there is none; the message has the command that installs it.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise HeadraceError(
            "building Beam's runner for Flink needs Maven, and there is no mvn on PATH",
            f"{_remedy('maven')}, or let HEADRACE_FLINK_JAR name a jar that was built elsewhere",
        )
    return maven


def missing_tools(has_jar: bool) -> list[str]:
    """What is lacking for a cluster here, each in a few words; empty: nothing."""
    java = find_java(os.environ)
    found = [] if java is not None and java.is_usable else ["Java 11 or 17"]
    return found if has_jar or shutil.which("mvn") else [*found, "Maven"]


def _remedy(need: str) -> str:
    machine = this_machine()
    package = PACKAGES[need].get(machine.family, "")
    return machine.install_command([package]) or f"install {need.capitalize()}"
