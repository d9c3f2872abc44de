"""Gives uv the package indexes, proxy and certificates that pip is configured with."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Mapping, Sequence

# The sections of pip's configuration that hold for installing, weakest first.
_SECTIONS = ("global", "install", ":env:")


def uv_environment(pip_config: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make uv use what pip is told to use.

    A variable of uv's own that the user has set is never overruled.

    Args:
        pip_config: pip's settings by name, as ``read_pip_config`` returns them.
        environ: the user's environment.
    """
    wanted: dict[str, str] = {}

    def offer(variable: str, *options: str, unless: tuple[str, ...] = ()) -> None:
        value = next((pip_config[name] for name in options if pip_config.get(name)), "")
        if value and not any(environ.get(name) for name in (variable, *unless)):
            wanted[variable] = value

    offer("UV_DEFAULT_INDEX", "index-url", unless=("UV_INDEX_URL",))
    offer("UV_INDEX", "extra-index-url", unless=("UV_EXTRA_INDEX_URL",))
    offer("UV_FIND_LINKS", "find-links")
    offer("UV_INSECURE_HOST", "trusted-host")
    offer("UV_HTTP_TIMEOUT", "timeout", "default-timeout", unless=("UV_REQUEST_TIMEOUT",))
    offer("SSL_CERT_FILE", "cert")
    offer("SSL_CLIENT_CERT", "client-cert")
    proxies = ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
    offer("HTTPS_PROXY", "proxy", unless=proxies)
    offer("HTTP_PROXY", "proxy", unless=(*proxies, "http_proxy"))
    if "UV_INDEX" in wanted and not environ.get("UV_INDEX_STRATEGY"):
        # pip looks in every index at once. The lock's hashes say which files may be installed, so
        # another index cannot slip one in.
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    for variable in ("UV_INDEX", "UV_INSECURE_HOST"):
        if variable in wanted:
            wanted[variable] = " ".join(wanted[variable].split())
    if "UV_FIND_LINKS" in wanted:
        wanted["UV_FIND_LINKS"] = ",".join(wanted["UV_FIND_LINKS"].split())
    return wanted


def has_no_index(pip_config: Mapping[str, str]) -> bool:
    """Say whether pip is told to ask no index at all."""
    return pip_config.get("no-index", "").lower() in ("1", "true", "yes", "on")


def read_pip_config(pip: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings (files and variables merged) by name.

    Empty if pip is not there or fails: its configuration is then no concern of ours.

    Args:
        pip: the command that runs pip; empty: there is none.
    """
    if not pip:
        return {}
    try:
        result = subprocess.run(
            [*pip, "--disable-pip-version-check", "config", "list"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return parse_pip_config(result.stdout) if result.returncode == 0 else {}


def parse_pip_config(listing: str) -> dict[str, str]:
    """Return the settings that a listing of pip's (``global.index-url='...'``) holds."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        key, separator, value = line.partition("=")
        section, dot, name = key.strip().partition(".")
        if separator and dot and section in found:
            found[section][name.replace("_", "-")] = _literal(value.strip())
    merged: dict[str, str] = {}
    for section in _SECTIONS:
        merged.update(found[section])
    return merged


def _literal(text: str) -> str:
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return text
