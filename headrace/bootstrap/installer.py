"""The installer (uv), made ready to work with the indexes, proxy and certificates of pip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from headrace.bootstrap.environments import Installer, installer_is_current, make_installer
from headrace.bootstrap.indexes import has_no_index, read_pip_config, uv_environment
from headrace.bootstrap.machine import Interpreter
from headrace.bootstrap.running import Runner
from headrace.layout import Layout


def ready_installer(
    layout: Layout, root: Path, interpreter: Interpreter, runner: Runner, offline: bool
) -> Installer:
    """Install uv where it is missing or stale, and return it.

    Args:
        root: the repository, whose locks say which uv.
        runner: its environment is the user's, cleaned.
        offline: what is installed has to come from uv's cache.

    Raises:
        HeadraceError: uv could not be installed.
    """
    tools = layout.home / "tools"
    lock = root / "requirements" / "bootstrap.txt"
    if not installer_is_current(tools, lock, interpreter):
        with runner.progress.step("installing the installer (uv)"):
            make_installer(tools, lock, interpreter, runner)
    pip_config = read_pip_config([str(tools / "bin" / "python"), "-m", "pip"], runner.environ)
    options = ("--no-index",) if has_no_index(pip_config) else ()
    for_uv = {
        **runner.environ,
        **uv_environment(pip_config, runner.environ),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        **({"UV_OFFLINE": "1"} if offline else {}),
    }
    uv_runner = replace(runner, environ=for_uv)
    return Installer(tools / "bin" / "uv", options, uv_runner, layout.cache / "wheels")
