"""What a user may set, and where it was set: environment, ``headrace.toml``, default."""

from headrace.settings.loading import load_settings
from headrace.settings.metadata_url import MetadataUrl, parse_metadata_url
from headrace.settings.model import LauncherMode, Runner, Settings

__all__ = [
    "LauncherMode",
    "MetadataUrl",
    "Runner",
    "Settings",
    "load_settings",
    "parse_metadata_url",
]
