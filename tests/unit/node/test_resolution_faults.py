import traceback

from tfx.orchestration.portable.input_resolution import exceptions

from headrace.node.resolution_faults import is_a_strategys, reason_of


def published(error: Exception | None, said: str) -> str:
    """What TFX keeps of a failed resolution: the traceback of its own error."""
    try:
        raise exceptions.InternalError(said) from error
    except exceptions.InternalError as raised:
        return "\n".join(traceback.format_exception(raised))


HIDING = "Internal error occurred during evaluating input_graph.nodes[op_1]."


def test_what_a_strategy_said_is_the_reason() -> None:
    message = published(ValueError("span 7 missing in the window"), HIDING)
    assert reason_of(message) == "span 7 missing in the window"
    assert is_a_strategys(message)


def test_an_error_without_a_message_is_named() -> None:
    assert reason_of(published(KeyError("examples"), HIDING)) == "'examples'"
    assert reason_of(published(AssertionError(), HIDING)) == "AssertionError"


def test_other_errors_of_tfx_are_told_as_they_are() -> None:
    for error in (None, ValueError("x")):
        message = published(error, "inputs[model] returned None.")
        assert reason_of(message).endswith("InternalError: inputs[model] returned None.")
        assert not is_a_strategys(message)
    assert reason_of("") == ""
