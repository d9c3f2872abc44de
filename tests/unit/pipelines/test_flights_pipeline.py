"""Which model the pipeline trains."""

import pytest

from pipelines.flights.pipeline import create_forest_pipeline, create_pipeline


def test_each_kind_of_model_is_compared_with_its_own_kind(tmp_path) -> None:
    found = {}
    for create in (create_pipeline, create_forest_pipeline):
        pipeline = create(data_root=str(tmp_path), pipeline_root=str(tmp_path))
        found[pipeline.pipeline_info.pipeline_name] = {node.id for node in pipeline.components}
    assert found["flights"] - found["flights_forest"] == {"Hyperparameters", "Trainer"}
    assert found["flights_forest"] - found["flights"] == {"ForestTrainer"}


def test_a_model_that_there_is_not_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="model must be one of dnn, forest, not 'oak'"):
        create_pipeline(data_root=str(tmp_path), model="oak")
