"""Stands for a JobManager where what is tested is what is asked of it, not what it does."""

from __future__ import annotations

from tests.http_server import JsonHandler, Serving

UNKNOWN = {"errors": ["x.FlinkJobNotFoundException: Could not find Flink job"]}


class JobManager(Serving):
    """Knows one job, or none; a context, in which it answers at ``url``.

    Attributes:
        asked: paths of what was to be changed.
        state: of the job; empty: it does not know the job.
        next_state: what the state is after the next question for it; empty: the same.
    """

    def __init__(self, state: str = "") -> None:
        self.asked: list[str] = []
        self.state, self.next_state = state, ""
        outer = self

        class Handler(JsonHandler):
            def do_PATCH(self) -> None:
                outer.asked.append(self.path)
                self.answer(*((202, {}) if outer.state else (404, UNKNOWN)))

            def do_GET(self) -> None:
                outer.state, outer.next_state = outer.next_state or outer.state, ""
                # As Flink does: it answers 500 to the question for a state.
                known = (200, {"status": outer.state})
                self.answer(*(known if outer.state else (500, UNKNOWN)))

        super().__init__(Handler)
