"""The submodules that a function is pickled with are those that cloudpickle finds."""

import os
import sys
import types
import xml

import apache_beam
import numpy as np
import pytest
from apache_beam.internal import pickler
from apache_beam.internal.cloudpickle import cloudpickle

from headrace.beam.submodules import Submodules, remember_submodules

BEAMS_OWN = cloudpickle._find_imported_submodules


def reaching():
    return np.linalg.norm, apache_beam.transforms.core.DoFn, xml, os.path


def reaching_nothing():
    return 1


@pytest.mark.parametrize("function", [reaching, reaching_nothing, pytest.fixture])
def test_they_are_cloudpickles(function) -> None:
    dependencies = [np, apache_beam, xml, os, sys, 7, None, types.ModuleType("loose"), np.linalg]
    found = Submodules()(function.__code__, iter(dependencies))
    expected = BEAMS_OWN(function.__code__, iter(dependencies))
    assert [id(module) for module in found] == [id(module) for module in expected]
    assert bool(found) == (function is reaching)


def test_a_module_that_comes_or_goes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    submodules = Submodules()
    package, below = types.ModuleType("made_package"), types.ModuleType("made_package.norm")
    package.__package__ = "made_package"
    assert submodules(reaching.__code__, [package]) == []
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, below.__name__, below)
        assert submodules(reaching.__code__, [package]) == [below]
    assert submodules(reaching.__code__, [package]) == []


def test_a_name_that_is_none_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, None, None)
    assert Submodules()(reaching.__code__, [np]) == BEAMS_OWN(reaching.__code__, [np])


def test_functions_are_pickled_to_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    function = types.FunctionType(
        reaching.__code__, {"np": np, "apache_beam": apache_beam, "xml": xml, "os": os}
    )
    before = cloudpickle.dumps(function)
    monkeypatch.setattr(cloudpickle, "_find_imported_submodules", BEAMS_OWN)
    remember_submodules()
    assert isinstance(cloudpickle._find_imported_submodules, Submodules)
    assert cloudpickle.dumps(function) == before
    assert pickler.loads(pickler.dumps(function))()[2] is xml
