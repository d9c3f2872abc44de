"""The weight of a cached value is the one that Beam computes itself."""

import sys
import types

import numpy as np
import pytest
from apache_beam.runners.worker import statecache

from headrace.beam.sizes import DeepSize

BEAMS_OWN = statecache.get_deep_size


class Holder:
    def __init__(self, held) -> None:
        self.held = held


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        b"x" * 1000,
        [("key", [1.5, None, {"a": (1, 2)}])],
        np.zeros(1000),
        Holder([Holder("text"), np.arange(5)]),
        Holder(vars(sys)),  # what a module owns does not count
    ],
    ids=str,
)
def test_it_is_what_beam_computes(value) -> None:
    size = DeepSize()
    assert size(value) == BEAMS_OWN(value)
    assert size(value, value) == size(value)


def test_globals_of_a_module_imported_since_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    size = DeepSize()
    module = types.ModuleType("made_for_a_test")
    module.large = b"x" * 100_000
    holder = Holder(vars(module))
    assert size(holder) > 100_000
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert size(holder) == BEAMS_OWN(holder) < 1000
