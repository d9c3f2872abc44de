import ctypes

import pytest

from headrace.bootstrap.elf import ElfError, Need, rebind, version_needs


def test_a_module_that_is_too_new_loads_and_works_after_the_repair(compiled, tmp_path):
    before = compiled("parse")
    assert Need("libc.so.6", "GLIBC_2.38") in version_needs(before, "module")

    after, done = rebind(before, "module")

    assert done == ("__isoc23_strtol -> strtol",)
    assert [need.version for need in version_needs(after, "module")] == ["GLIBC_2.2.5"] * 2
    assert len(after) == len(before)
    repaired = tmp_path / "repaired.so"
    repaired.write_bytes(after)
    library = ctypes.CDLL(str(repaired))
    library.parse.restype = ctypes.c_long
    assert library.parse(b"1234") == 1234


def test_the_repair_of_the_same_module_gives_the_same_bytes(compiled):
    before = compiled("parse")
    assert rebind(before, "module") == rebind(before, "module")


def test_a_repaired_module_needs_no_further_repair(compiled):
    after, _ = rebind(compiled("parse"), "module")
    assert rebind(after, "module") == (after, ())


def test_a_module_that_asks_for_nothing_new_is_left_as_it_is(compiled):
    before = compiled("current")
    assert rebind(before, "module") == (before, ())


def test_an_unknown_new_symbol_is_an_error_that_names_it_and_the_module(compiled):
    module = compiled("unknown symbol")
    with pytest.raises(ElfError, match=r"pkg/x\.so: .*brand_new@GLIBC_2\.38"):
        rebind(module, "pkg/x.so")


def test_an_unknown_new_version_is_an_error_that_names_it(compiled):
    module = compiled("unknown version")
    with pytest.raises(ElfError, match=r"strfry@GLIBC_2\.99"):
        rebind(module, "pkg/x.so")


def test_a_mark_that_nothing_calls_becomes_optional(compiled):
    before = compiled("marked")
    after, done = rebind(before, "module")
    assert done == ("_ZSt21ios_base_library_initv -> nothing",)
    assert not [need for need in version_needs(after, "module") if need.too_new]


def test_a_mark_that_is_called_after_all_is_an_error(compiled):
    module = compiled("mark called")
    with pytest.raises(ElfError, match="_ZSt21ios_base_library_initv is used"):
        rebind(module, "module")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x7fELF", b"not a library at all", b"\x7fELF\x02\x01" + b"\0" * 10],
    ids=["empty", "cut short", "text", "header only"],
)
def test_what_is_no_library_is_an_error_that_names_it(data):
    with pytest.raises(ElfError, match=r"pkg/x\.so"):
        rebind(data, "pkg/x.so")


def test_a_library_cut_short_is_an_error(compiled):
    data = compiled("parse")
    with pytest.raises(ElfError, match="module"):
        rebind(data[: len(data) // 2], "module")


@pytest.mark.parametrize(
    ("version", "too_new"),
    [
        ("GLIBC_2.34", False),
        ("GLIBC_2.35", True),
        ("GLIBC_2.4", False),
        ("GLIBC_PRIVATE", True),
        ("GLIBCXX_3.4.29", False),
        ("GLIBCXX_3.4.30", True),
        ("CXXABI_1.3.13", False),
        ("CXXABI_1.3.15", True),
        ("GCC_3.0", False),
    ],
)
def test_versions_are_compared_as_numbers(version, too_new):
    assert Need("library", version).too_new is too_new
