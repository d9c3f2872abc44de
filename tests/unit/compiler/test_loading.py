import functools
from pathlib import Path
from types import ModuleType

import pytest

from headrace.compiler.failures import CompileError
from headrace.compiler.loading import find_function
from headrace.target import Target

TARGET = Target(Path("/p/a.py"), "a", (Path("/p"),), "make")


def module(**names: object) -> ModuleType:
    made = ModuleType("a")
    for name, value in names.items():
        if callable(value):
            value.__module__ = "a"
        setattr(made, name, value)
    return made


def test_defaults_and_variable_arguments_are_no_required_ones() -> None:
    def make(a=1, *args, b=2, **kwargs): ...

    assert find_function(module(make=make), TARGET) is make


def test_a_decorated_function_is_judged_by_what_it_wraps() -> None:
    def inner(a): ...

    @functools.wraps(inner)
    def make(*args): ...

    with pytest.raises(CompileError, match="takes required argument a, but") as caught:
        find_function(module(make=make), TARGET)
    assert caught.value.failure.line == inner.__code__.co_firstlineno


def test_a_bound_partial_needs_nothing_more() -> None:
    def build(a): ...

    find_function(module(make=functools.partial(build, 1)), TARGET)


@pytest.mark.parametrize(
    ("others", "hint"),
    [
        (("makes",), "did you mean makes?"),
        (("birds_pipeline", "other"), "functions there that look like pipelines: birds_pipeline"),
        (("other",), "functions there: other"),
        ((), "functions there: none"),
    ],
)
def test_a_missing_function_has_the_likely_ones_named(others: tuple[str, ...], hint: str) -> None:
    def some(): ...

    with pytest.raises(CompileError, match="has no function make") as caught:
        find_function(module(**dict.fromkeys(others, some)), TARGET)
    assert caught.value.failure.hint == hint


def test_a_name_bound_to_none_is_not_a_missing_one() -> None:
    with pytest.raises(CompileError, match="is None, not a function"):
        find_function(module(make=None), TARGET)
