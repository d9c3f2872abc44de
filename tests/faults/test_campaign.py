"""The beginning of a campaign, on real runs; the whole is ``bin/headrace bench --faults``."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign import Campaign
from tests.faults.engine import Engine
from tests.faults.injuries import disks
from tests.integration.conftest import tfx_python

pytestmark = pytest.mark.integration

SEED = 176
FAULTS = 2


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    with (
        tempfile.TemporaryDirectory(prefix="headrace-faults-") as place,
        disks(Path(place), {"artifacts": 16, "store": 16}) as small,
    ):
        stage = Engine(Path(place), small, Path(tfx_python()))
        try:
            # That what is left is gone within ten seconds, a busy machine cannot promise.
            yield Campaign(stage, SEED, settle_seconds=90)
        finally:
            stage.close()


def test_faults_of_a_seed_break_no_guarantee(campaign: Campaign) -> None:
    assert campaign.prepare() == []
    results = list(campaign.run(FAULTS))
    assert [result.complaints for result in results] == [[]] * FAULTS
    assert {result.outcome for result in results} <= {"went on", "resumed"}
