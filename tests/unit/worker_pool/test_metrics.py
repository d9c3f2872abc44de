import pytest
from apache_beam.metrics.monitoring_infos import int64_counter, int64_user_counter
from apache_beam.runners.worker.bundle_processor import BundleProcessor

from headrace.worker_pool.metrics import report_users_metrics, wants_all_metrics


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("", False),
        ("{}", False),
        ('{"beam:option:experiments:v1": null}', False),
        ('{"beam:option:experiments:v1": ["other"]}', False),
        ('{"beam:option:experiments:v1": ["other", "headrace_all_metrics"]}', True),
    ],
)
def test_an_experiment_asks_for_all_metrics(options: str, wanted: bool) -> None:
    assert wants_all_metrics(options) is wanted


def test_the_users_metrics_alone_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    users = int64_user_counter("words", "met", 2, ptransform="step")
    beams = int64_counter("beam:metric:element_count:v1", 4, pcollection="words")
    # A real processor wants a harness's connections; the integration test has one.
    monkeypatch.setattr(BundleProcessor, "monitoring_infos", lambda self: [users, beams])
    report_users_metrics()
    assert BundleProcessor.__new__(BundleProcessor).monitoring_infos() == [users]
