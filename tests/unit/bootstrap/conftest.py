"""Compiles small shared libraries that ask for versions this machine may not have."""

import shutil
import subprocess
from pathlib import Path

import pytest

_GCC = shutil.which("gcc")

_LIBRARIES = {
    "libc.so.6": {
        "GLIBC_2.2.5": ["strtol", "strlen"],
        "GLIBC_2.38": ["__isoc23_strtol", "brand_new"],
        "GLIBC_2.99": ["strfry"],
    },
    "libstdc++.so.6": {
        "GLIBCXX_3.4": ["_ZSt9terminatev"],
        "GLIBCXX_3.4.32": ["_ZSt21ios_base_library_initv"],
        "CXXABI_1.3.15": ["__cxa_call_terminate"],
    },
}

_SOURCES = {
    "parse": """
long strtol(const char *, char **, int);
unsigned long strlen(const char *);
long __isoc23_strtol(const char *, char **, int);
long parse(const char *text) { return strlen(text) ? __isoc23_strtol(text, 0, 10) : -1; }
""",
    "unknown symbol": """
unsigned long strlen(const char *);
long brand_new(void);
long parse(const char *text) { return strlen(text) + brand_new(); }
""",
    "unknown version": """
unsigned long strlen(const char *);
long strfry(void);
long parse(const char *text) { return strlen(text) + strfry(); }
""",
    "marked": """
void _ZSt9terminatev(void);
__asm__(".globl _ZSt21ios_base_library_initv");
long parse(const char *text) { if (!text) _ZSt9terminatev(); return 7; }
""",
    "mark called": """
void _ZSt9terminatev(void);
void _ZSt21ios_base_library_initv(void);
long parse(const char *text) {
    if (!text) _ZSt9terminatev();
    _ZSt21ios_base_library_initv();
    return 7;
}
""",
    "current": """
unsigned long strlen(const char *);
long parse(const char *text) { return strlen(text); }
""",
}


@pytest.fixture
def compiled(tmp_path):
    """Return a function that compiles one of the sources and returns the module's bytes."""
    if _GCC is None:
        pytest.skip("compiles modules, and gcc is missing")
    return lambda name: _compile(_SOURCES[name], tmp_path / "compiled").read_bytes()


def _compile(source: str, directory: Path) -> Path:
    # Linked against stand-ins for the libraries, which have every version above.
    directory.mkdir(parents=True, exist_ok=True)
    libraries = [_stand_in(name, versions, directory) for name, versions in _LIBRARIES.items()]
    (directory / "module.c").write_text(source, encoding="ascii")
    module = directory / "module.so"
    _gcc("-fno-builtin", "-o", module, directory / "module.c", "-Wl,--as-needed", *libraries)
    return module


def _stand_in(name: str, versions: dict[str, list[str]], directory: Path) -> Path:
    functions = [function for names in versions.values() for function in names]
    source = directory / f"{name}.c"
    source.write_text(
        "".join(f"long {function}(void) {{ return 0; }}\n" for function in functions),
        encoding="ascii",
    )
    script = directory / f"{name}.map"
    script.write_text(
        "".join(f"{version} {{ {'; '.join(names)}; }};\n" for version, names in versions.items()),
        encoding="ascii",
    )
    library = directory / name
    _gcc("-fno-builtin", "-w", "-o", library, source,
         f"-Wl,--version-script={script}", f"-Wl,-soname,{name}")  # fmt: skip
    return library


def _gcc(*arguments: object) -> None:
    assert _GCC is not None
    command = [_GCC, "-shared", "-fPIC", "-nostdlib", "-O1", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
