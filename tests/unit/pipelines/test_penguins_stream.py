"""The stream of penguins beside their pipeline."""

from pathlib import Path

from pipelines.penguins.stream import STATE, create_stream


def test_the_pipeline_does_not_read_what_the_stream_reads_and_lands() -> None:
    """It reads every file of its directory, whatever that is."""
    stream = create_stream()
    for place in (stream.source, stream.directory):
        assert not Path(place).is_relative_to(STATE / "data" / "penguins")
