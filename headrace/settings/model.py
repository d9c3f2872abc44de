"""The settings as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from headrace.layout import Layout
from headrace.settings.flink import FlinkSettings
from headrace.settings.keras import Keras


class Runner(str, Enum):
    """The Beam runner of a pipeline's heavy nodes."""

    DIRECT = "direct"
    FLINK = "flink"


class LauncherMode(str, Enum):
    """How a node's process is started: forked from a warm server, or as a plain subprocess."""

    FORKSERVER = "forkserver"
    SUBPROCESS = "subprocess"


@dataclass(frozen=True)
class Settings:
    """Resolved settings of one project.

    Attributes:
        project: directory that relative targets and paths are looked up in.
        home: state directory (``.headrace``).
        tfx_python: interpreter of the TFX environment.
        metadata_url: URL of the ML Metadata store, or None where the user set none. May hold a
            password: never log it, never write it to a file.
        metadata_conn_id: id of an Airflow Connection that holds the store's URL, or None.
        artifact_root: directory or URI that pipeline roots are made below, or None where unset.
        parameter_roots: directories and URIs that the parameters of a run may lead below.
        runner: default Beam runner.
        launcher: how node processes start.
        launcher_idle_seconds: an unused launcher server ends itself after this time.
        launcher_nodes: so many nodes run at once on a host, and others wait; 0: four a core.
        launcher_hold_seconds: a node whose task's process has died runs on for this time, for the
            task's next try to find it; longer than Airflow takes to notice the death. 0: it ends.
        launcher_handover_seconds: a node whose task is deferred runs on for this time, for
            Airflow's triggerer to come for it.
        defer_after_seconds: a deferrable task gives its worker slot back after this time; a
            deferral costs some seconds of Airflow's, so a short node has none.
        beam_args: Beam pipeline arguments put before the pipeline's own, which win.
        beam_overrides: Beam pipeline arguments put after the pipeline's and the node's own; these
            win.
        keras: version of Keras that pipelines run with, or None where the user set none.
        allow_empty_examples: whether a node that reads data into examples may find none.
        flink: what is set of Flink.
    """

    project: Path
    home: Path
    tfx_python: Path
    metadata_url: str | None = None
    metadata_conn_id: str | None = None
    artifact_root: str | None = None
    parameter_roots: tuple[str, ...] = ()
    runner: Runner = Runner.DIRECT
    launcher: LauncherMode = LauncherMode.FORKSERVER
    launcher_idle_seconds: float = 900.0
    launcher_nodes: int = 0
    launcher_hold_seconds: float = 900.0
    launcher_handover_seconds: float = 120.0
    defer_after_seconds: float = 10.0
    beam_args: tuple[str, ...] = ()
    beam_overrides: tuple[str, ...] = ()
    keras: Keras | None = None
    allow_empty_examples: bool = False
    flink: FlinkSettings = field(default_factory=FlinkSettings)

    @property
    def layout(self) -> Layout:
        return Layout(self.home)
