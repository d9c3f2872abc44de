"""What files begin with that are no text, to tell a user so, and not of rows of rubbish."""

from __future__ import annotations

import re

from headrace.errors import HeadraceError

_SIGNATURES = {
    rb"PK\x03\x04": "a ZIP archive, as spreadsheets are, too",
    rb"\x1f\x8b\x08": "compressed with gzip",
    rb"BZh[1-9]1AY&SY": "compressed with bzip2",
    rb"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    rb"\xfd7zXZ\x00": "compressed with xz",
    rb"PAR1[\x00-\x1f]": "a Parquet file",
    rb"ARROW1\x00": "an Arrow file",
    rb"FEA1": "a Feather file",
    rb"Obj\x01": "an Avro file",
}
LONGEST = 16
"""None of them has more bytes."""

_HINT = (
    "files are read as their names say: rename it (.gz, .parquet) or unpack it, or set input_format"
)


def refuse_binary(file: str, beginning: bytes) -> None:
    """Refuse a file that is read as text and is none.

    Raises:
        HeadraceError: it begins as files of another kind do.
    """
    for signature, what in _SIGNATURES.items():
        if re.match(signature, beginning, re.DOTALL):
            raise HeadraceError(f"{file} is no text; it is {what}", _HINT)
