"""What a user may set, and where it was set: environment, ``headrace.toml``, default."""

from headrace.settings.keras import VARIABLE as KERAS_VARIABLE
from headrace.settings.keras import Keras, keras_of
from headrace.settings.loading import load_settings
from headrace.settings.metadata_url import MetadataUrl, parse_metadata_url
from headrace.settings.model import LauncherMode, Runner, Settings

__all__ = [
    "KERAS_VARIABLE",
    "Keras",
    "LauncherMode",
    "MetadataUrl",
    "Runner",
    "Settings",
    "keras_of",
    "load_settings",
    "parse_metadata_url",
]
