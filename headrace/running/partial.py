"""What a partial run asks of the metadata store: to take an earlier run's outputs over."""

from __future__ import annotations

from dataclasses import asdict

from headrace.launcher.client import LauncherClient
from headrace.launcher.jobs import ReuseRequest, ReuseResult
from headrace.launcher.protocol import Operation
from headrace.settings import Settings


def reuse_outputs(settings: Settings, request: ReuseRequest) -> ReuseResult:
    """Make an earlier run's outputs those of this run, too.

    Raises:
        HeadraceError: no earlier run has them; names the nodes.
    """
    value = LauncherClient(settings).run(Operation.REUSE_OUTPUTS, asdict(request))
    return ReuseResult(**value)
