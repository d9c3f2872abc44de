"""The project's documents, and the examples in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [
        *PROJECT.glob("*.md"),
        *PROJECT.glob("docs/*.md"),
        *PROJECT.glob("pipelines/*/README.md"),
    ]
)
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^ {4}(bin/headrace .*)$", re.MULTILINE)
_INLINE = re.compile(r"`(bin/headrace [^`]*)`")
WRAPPER = "bin/headrace"


@dataclass(frozen=True)
class Example:
    """A piece of code in a document; ``line`` is the document's, of its first line."""

    document: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.document.relative_to(PROJECT)}:{self.line}"


def examples(language: str) -> list[Example]:
    """Fenced blocks of that language, in all documents."""
    return [
        item for document in DOCUMENTS for item in _blocks(document) if item.language == language
    ]


def commands() -> Iterator[tuple[Example, list[str]]]:
    """Every use of the wrapper in a document, with its arguments."""
    for document in DOCUMENTS:
        text = document.read_text()
        found = [
            (item.line + number, line)
            for item in _blocks(document)
            for number, line in enumerate(item.text.splitlines())
        ]
        for pattern in (_INDENTED, _INLINE):
            found += [(_line(text, match.start()), match[1]) for match in pattern.finditer(text)]
        for number, line in found:
            _, wrapper, rest = line.partition(WRAPPER)
            if wrapper and (not rest or rest.startswith(" ")):
                words = shlex.split(rest.split("&&")[0], comments=True)
                yield Example(document, number, "", line.strip()), words


def section(document: Path, heading: str) -> str:
    """The text below a heading of the second level."""
    after = document.read_text().partition(f"\n## {heading}\n")[2]
    assert after, f"{document.name} has no section {heading!r}"
    return after.partition("\n## ")[0]


def _blocks(document: Path) -> Iterator[Example]:
    text = document.read_text()
    for match in _FENCED.finditer(text):
        yield Example(document, _line(text, match.start(2)), match[1], match[2])


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
