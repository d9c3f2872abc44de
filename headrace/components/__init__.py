"""TFX components of headrace: ``headrace.components.NAME``.

A checkout has them in ``components/``, beside the package; a built wheel has them in here. The name
is the same in both, because TFX records the import path of an executor in the pipeline.
"""

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]

if (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "components").is_dir():
    __path__.append(str(_CHECKOUT / "components"))
