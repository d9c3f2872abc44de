from pathlib import Path

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.node.metadata import open_metadata


def test_types_that_were_looked_up_are_what_the_store_says_of_each(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/metadata.sqlite"
    with open_metadata(url, tmp_path) as first:
        base, properties = pb.ArtifactType.MODEL, {"span": pb.INT}
        for version in (None, "2"):
            first.store.put_artifact_type(
                pb.ArtifactType(name="M", version=version, base_type=base, properties=properties)
            )
        first.store.put_execution_type(
            pb.ExecutionType(name="E", base_type=pb.ExecutionType.TRAIN, properties=properties)
        )
        first.store.put_context_type(pb.ContextType(name="C", properties=properties))
        said = [
            first.store.get_artifact_type("M"),
            first.store.get_artifact_type("M", "2"),
            first.store.get_execution_type("E"),
            first.store.get_context_type("C"),
        ]
    second = open_metadata(url, tmp_path)
    second.look_up_types()
    with second:
        known = [
            second.store.get_artifact_type("M"),
            second.store.get_artifact_type("M", "2"),
            second.store.get_execution_type("E"),
            second.store.get_context_type("C"),
        ]
        assert known == said
        assert second.calls == {
            "open": 1, "GetArtifactTypes": 1, "GetExecutionTypes": 1, "GetContextTypes": 1
        }  # fmt: skip
        assert second.artifact_types[said[0].id] == "M"
        assert second.context_types[said[3].id] == "C"
        with pytest.raises(mlmd.errors.NotFoundError):
            second.store.get_artifact_type("Other")
