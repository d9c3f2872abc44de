from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from headrace.errors import UsageError
from headrace.testing import schema_of

FIELDS = {
    "x": float,
    "n": int | None,
    "words": list[str],
    "sex": ["f", "m"],
    "own": schema_pb2.Feature(type=schema_pb2.INT, int_domain=schema_pb2.IntDomain(min=3)),
}


def features(schema: schema_pb2.Schema) -> dict[str, schema_pb2.Feature]:
    return {feature.name: feature for feature in schema.feature}


def test_a_schema_is_made_of_pythons_types(schema) -> None:
    found = features(schema_of(schema(FIELDS)))
    assert list(found) == list(FIELDS)
    assert found["x"].type == schema_pb2.FLOAT
    assert found["x"].presence.min_fraction == 1
    assert found["x"].shape.dim[0].size == 1
    assert found["n"].type == schema_pb2.INT
    assert not found["n"].HasField("presence")
    assert found["words"].value_count.min == 1
    assert list(found["sex"].string_domain.value) == ["f", "m"]
    assert found["own"].int_domain.min == 3


def test_a_file_a_proto_and_an_artifact_are_schemas_too(schema) -> None:
    made = schema(FIELDS)
    proto = schema_of(made)
    for given in (proto, made, Path(made.uri, "schema.pbtxt")):
        assert schema_of(schema(given)) == proto


@pytest.mark.parametrize("kind", [dict, "float", list, [1, 2], float | str | None])
def test_a_type_that_is_none_is_told_with_its_feature(schema, kind) -> None:
    with pytest.raises(UsageError, match="feature 'x' has no type that is known"):
        schema({"x": kind})


def test_a_file_that_is_no_schema_is_named(schema) -> None:
    with pytest.raises(UsageError, match=r"test_schemas\.py is no schema"):
        schema(__file__)
