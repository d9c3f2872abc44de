"""How figures are named; evaluations that TFMA wrote are read in the tests of RetrainGate."""

from headrace.evaluation import by_name, figures

OF_ONE_OUTPUT = {
    "": {"auc": {"doubleValue": 0.7}, "curve": {"bytesValue": "x"}, "": {"doubleValue": 1}},
    "class_1": {"auc": {"doubleValue": 0.6}},
}


def test_figures_are_the_numbers_of_the_whole_output() -> None:
    assert figures(OF_ONE_OUTPUT) == {"auc": 0.7}
    assert figures({}) == {}


def test_what_an_output_has_is_named_after_it() -> None:
    assert by_name({"": OF_ONE_OUTPUT}) == {"auc": 0.7}
    assert by_name({"late": OF_ONE_OUTPUT, "long": OF_ONE_OUTPUT}) == {
        "late/auc": 0.7,
        "long/auc": 0.7,
    }
