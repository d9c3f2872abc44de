"""Re-binds the few symbols that keep a compiled module from loading on an older C library.

A shared library names, for each symbol that it imports, the version of the library that has it.
The modules repaired here ask for a handful of versions newer than the machine's, for symbols that
have a drop-in older equal. Only the tables of names and versions are edited, in place: nothing
moves and the size stays.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headrace.errors import HeadraceError

_X86_64 = 62
_SHT_RELA, _SHT_DYNAMIC, _SHT_DYNSYM = 4, 6, 11
_SHT_VERDEF, _SHT_VERNEED, _SHT_VERSYM = 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
# Entries of the dynamic section whose value is an offset into the string table.
_STRING_TAGS = frozenset({1, 14, 15, 29, 0x7FFFFFFD, 0x7FFFFFFF})
_STB_WEAK = 2
_SYMBOL_SIZE = 24
_NOT_HIDDEN = 0x7FFF

NEWEST_ALLOWED: Mapping[str, tuple[int, ...]] = {
    "GLIBC": (2, 34),
    "GLIBCXX": (3, 4, 29),
    "CXXABI": (1, 3, 13),
}
"""The newest version of each family that a repaired module may need: glibc 2.34 and GCC 11."""

# A version that is too new -> an older one of the same library.
_OLDER_VERSIONS = {
    "GLIBC_2.38": "GLIBC_2.2.5",
    "GLIBCXX_3.4.32": "GLIBCXX_3.4",
    "CXXABI_1.3.15": "GLIBCXX_3.4",
}
# A symbol bound to such a version -> the one to call in its place; None: nothing calls it.
_OLDER_SYMBOLS: Mapping[str, str | None] = {
    # The C23 readings differ only in that they also accept "0b" prefixes.
    "__isoc23_strtol": "strtol",
    "__isoc23_strtoll": "strtoll",
    "__isoc23_strtoul": "strtoul",
    "__isoc23_strtoull": "strtoull",
    # Reached only when an exception leaves a noexcept function: std::terminate().
    "__cxa_call_terminate": "_ZSt9terminatev",
    # A mark that <iostream> was included.
    "_ZSt21ios_base_library_initv": None,
}


class ElfError(HeadraceError):
    """A compiled module is not what the repair knows; it was left as it is."""


@dataclass(frozen=True)
class Need:
    """A version that a module asks of a library."""

    library: str
    version: str

    @property
    def too_new(self) -> bool:
        family, _, number = self.version.partition("_")
        newest = NEWEST_ALLOWED.get(family)
        if newest is None:
            return False
        try:
            return tuple(int(part) for part in number.split(".")) > newest
        except ValueError:
            return True  # GLIBC_PRIVATE, GLIBC_ABI_DT_RELR: not promised by any version


@dataclass(frozen=True)
class _Section:
    kind: int
    offset: int
    size: int
    link: int
    info: int


@dataclass(frozen=True)
class _NeedEntry:
    at: int
    index: int
    name: int
    need: Need


@dataclass(frozen=True)
class _Symbol:
    number: int
    at: int
    name: int
    info: int
    version: int


def version_needs(data: bytes, label: str) -> tuple[Need, ...]:
    """Return what a compiled module asks of its libraries, in the file's order.

    Args:
        label: the module's name for messages.

    Raises:
        ElfError: the data is not a 64-bit little-endian x86-64 shared library.
    """
    return tuple(entry.need for entry in _Module(bytearray(data), label).needs)


def rebind(data: bytes, label: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the module with its too new symbols re-bound, and a line on each that was.

    Raises:
        ElfError: a symbol is too new and no older equal of it is known, or the data is not an
            x86-64 shared library.
    """
    module = _Module(bytearray(data), label)
    too_new = {entry.index: entry for entry in module.needs if entry.need.too_new}
    bound = [symbol for symbol in module.symbols if symbol.version in too_new]
    _refuse_unknown(module, too_new, bound)
    done = tuple(_rebind_symbol(module, symbol) for symbol in bound)
    for entry in too_new.values():
        module.ask_older(entry, _OLDER_VERSIONS[entry.need.version])
    left = [need.version for need in version_needs(bytes(module.data), label) if need.too_new]
    if left:
        raise ElfError(f"{label}: still needs {', '.join(left)} after the repair")
    return bytes(module.data), done


def _refuse_unknown(
    module: _Module, too_new: Mapping[int, _NeedEntry], bound: list[_Symbol]
) -> None:
    unknown = [
        f"{module.text(symbol.name)}@{too_new[symbol.version].need.version}"
        for symbol in bound
        if module.text(symbol.name) not in _OLDER_SYMBOLS
        or too_new[symbol.version].need.version not in _OLDER_VERSIONS
    ]
    used = {symbol.version for symbol in bound}
    unknown += [
        entry.need.version
        for index, entry in too_new.items()
        if index not in used and entry.need.version not in _OLDER_VERSIONS
    ]
    if unknown:
        raise ElfError(f"{module.label}: no older equal is known for {', '.join(unknown)}")


def _rebind_symbol(module: _Module, symbol: _Symbol) -> str:
    old = module.text(symbol.name)
    new = _OLDER_SYMBOLS[old]
    if new is None:
        if symbol.number in module.relocated:
            raise ElfError(f"{module.label}: {old} is used, though it is only ever a mark")
        module.make_weak(symbol)
        return f"{old} -> nothing"
    module.rename(symbol, new)
    return f"{old} -> {new}"


class _Module:
    """The tables of one module that name what it imports, and the edits made to them."""

    def __init__(self, data: bytearray, label: str) -> None:
        self.data = data
        self.label = label
        try:
            self._read()
        except (struct.error, IndexError, StopIteration, ValueError, UnicodeDecodeError):
            raise ElfError(f"{label}: not a readable shared library") from None

    def _read(self) -> None:
        if self.data[:6] != b"\x7fELF\x02\x01" or self._unpack("<H", 18)[0] != _X86_64:
            raise ElfError(f"{self.label}: not a 64-bit x86-64 shared library")
        sections = list(self._sections())
        symbols = next(section for section in sections if section.kind == _SHT_DYNSYM)
        self._strings = sections[symbols.link]
        self.needs = tuple(self._needs(sections))
        self.symbols = tuple(self._symbols(symbols, sections))
        self.relocated = frozenset(self._relocated(sections))
        self._referenced = self._string_references(sections)

    def text(self, offset: int) -> str:
        start = self._strings.offset + offset
        return self.data[start : self.data.index(0, start)].decode("ascii")

    def ask_older(self, entry: _NeedEntry, version: str) -> None:
        """Let a version that the module needs be another one of the same library."""
        at = self._find(version)
        if at is None:
            raise ElfError(f"{self.label}: has no name {version} to ask for")
        struct.pack_into("<I", self.data, entry.at, _sysv_hash(version))
        struct.pack_into("<I", self.data, entry.at + 8, at)

    def make_weak(self, symbol: _Symbol) -> None:
        """Let the loader go on when no library has this symbol."""
        self.data[symbol.at + 4] = (_STB_WEAK << 4) | (symbol.info & 15)

    def rename(self, symbol: _Symbol, name: str) -> None:
        """Import ``name`` in place of this symbol."""
        at = self._find(name)
        if at is None:
            at = self._overwrite(symbol, name)
        struct.pack_into("<I", self.data, symbol.at, at)

    def _overwrite(self, symbol: _Symbol, name: str) -> int:
        old = self.text(symbol.name)
        # Names may share their endings: the old one's bytes are free only if no other starts there.
        shared = any(symbol.name < at <= symbol.name + len(old) for at in self._referenced)
        others = sum(other.name == symbol.name for other in self.symbols) > 1
        if shared or others or len(name) > len(old):
            raise ElfError(f"{self.label}: has no room for the name {name} in place of {old}")
        start = self._strings.offset + symbol.name
        self.data[start : start + len(old)] = name.encode("ascii").ljust(len(old), b"\0")
        return symbol.name

    def _find(self, name: str) -> int | None:
        start = self._strings.offset
        at = self.data.find(name.encode("ascii") + b"\0", start, start + self._strings.size)
        return None if at < 0 else at - start

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(layout, self.data, offset)

    def _sections(self) -> Iterator[_Section]:
        (table,) = self._unpack("<Q", 40)
        entry_size, count = self._unpack("<HH", 58)
        for number in range(count):
            fields = self._unpack("<IIQQQQII", table + number * entry_size)
            yield _Section(fields[1], fields[4], fields[5], fields[6], fields[7])

    def _needs(self, sections: list[_Section]) -> Iterator[_NeedEntry]:
        for section in sections:
            if section.kind != _SHT_VERNEED:
                continue
            at = section.offset
            for _ in range(section.info):
                _, count, library, first, following = self._unpack("<HHIII", at)
                entry = at + first
                for _ in range(count):
                    _, _, index, name, step = self._unpack("<IHHII", entry)
                    need = Need(self.text(library), self.text(name))
                    yield _NeedEntry(entry, index & _NOT_HIDDEN, name, need)
                    entry += step
                at += following

    def _symbols(self, table: _Section, sections: list[_Section]) -> Iterator[_Symbol]:
        versions = next((s for s in sections if s.kind == _SHT_VERSYM), None)
        for number in range(table.size // _SYMBOL_SIZE):
            at = table.offset + number * _SYMBOL_SIZE
            name, info = self._unpack("<IB", at)
            version = self._unpack("<H", versions.offset + 2 * number)[0] if versions else 0
            yield _Symbol(number, at, name, info, version & _NOT_HIDDEN)

    def _relocated(self, sections: list[_Section]) -> Iterator[int]:
        for section in sections:
            if section.kind == _SHT_RELA:
                table = bytes(self.data[section.offset : section.offset + section.size])
                for _, info, _ in struct.iter_unpack("<QQq", table):
                    yield info >> 32

    def _string_references(self, sections: list[_Section]) -> frozenset[int]:
        found = {symbol.name for symbol in self.symbols} | {need.name for need in self.needs}
        for section in sections:
            if section.kind == _SHT_VERNEED:
                at = section.offset
                for _ in range(section.info):
                    _, _, library, _, following = self._unpack("<HHIII", at)
                    found.add(library)
                    at += following
            elif section.kind == _SHT_VERDEF:
                found.update(self._defined_versions(section))
            elif section.kind == _SHT_DYNAMIC:
                table = bytes(self.data[section.offset : section.offset + section.size])
                found.update(
                    value for tag, value in struct.iter_unpack("<QQ", table) if tag in _STRING_TAGS
                )
        return frozenset(found)

    def _defined_versions(self, section: _Section) -> Iterator[int]:
        at = section.offset
        for _ in range(section.info):
            _, _, _, count, _, first, following = self._unpack("<HHHHIII", at)
            name = at + first
            for _ in range(count):
                offset, step = self._unpack("<II", name)
                yield offset
                name += step
            at += following


def _sysv_hash(name: str) -> int:
    value = 0
    for byte in name.encode("ascii"):
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value
