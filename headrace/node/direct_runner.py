"""Beam's direct runner, inside the node's process."""

from __future__ import annotations

from apache_beam.runners.direct.direct_runner import SwitchingDirectRunner


class DirectRunner(SwitchingDirectRunner):  # type: ignore[misc]
    """Beam's own direct runner without its detour over Prism.

    From version 2.65 on, Beam's direct runner first tries to download and start a program, Prism,
    and falls back to Python where it cannot. That costs a second or more a job, needs a network,
    and leaves the choice of the engine to chance. Beam skips it for interactive pipelines.
    """

    _is_interactive = True


# Beam translates a pipeline to protos and back, and pickles each transform twice more, before it
# runs it, unless the class has the name of its own runner: a fifth of the time of a small job.
DirectRunner.__name__ = SwitchingDirectRunner.__name__
