import pytest

from headrace.settings import Keras
from headrace.worker_pool.requests import import_path_of, job_params, keras_of_job


def test_a_jobs_parameters_are_texts_that_the_pool_reads_again() -> None:
    params = job_params("token", "p/n/r", ["/a", "/b c"], Keras.TWO)
    assert all(isinstance(value, str) for value in params.values())
    assert import_path_of(params) == ["/a", "/b c"]
    assert keras_of_job(params) is Keras.TWO


@pytest.mark.parametrize("text", ["", "{", "3", '"/a"', "[" * 20_000])
def test_a_job_of_another_client_has_no_import_path(text: str) -> None:
    assert import_path_of({"headrace_import_path": text}) == []
    assert import_path_of({}) == []


@pytest.mark.parametrize("params", [{}, {"headrace_keras": "7"}])
def test_a_job_that_names_no_keras_has_the_newest(params: dict[str, str]) -> None:
    assert keras_of_job(params) is Keras.THREE
