"""Keeps a node from writing among the files of another.

TFX names the directories of outputs by the execution's id. In a new metadata store ids begin again,
and with the same artifact root lead to what executions of the old store have put out: shards of two
executions would be read as one, or a file be refused because it exists.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import Any

from tfx.dsl.io import fileio
from tfx.orchestration.portable import launcher

from headrace.errors import HeadraceError
from headrace.keeping.owner import STATE_INDEX
from headrace.node import executions
from headrace.node.lost_inputs import lost_input
from headrace.node.output_removal import remove_outputs
from headrace.store.removal import SET_ASIDE

_log = logging.getLogger(__name__)


class OutputTaken(HeadraceError):
    """There is something where an output would be written, and it cannot be moved."""


class NodeLauncher(launcher.Launcher):  # type: ignore[misc]
    """TFX's launcher, which writes to no place that is taken, tells of inputs that are gone, and
    leaves no directory behind.

    TFX gives each try another directory for its state, keeps that of a try that has not succeeded,
    and writes its name down nowhere. It writes down what an execution has read when it registers
    it, and not when an earlier try's is run again, which may have found none, or another.

    Attributes:
        reopened: id of an earlier try's execution that is run again, if one is.
    """

    reopened: int | None = None

    def _register_or_reuse_execution(
        self,
        metadata_handle: Any,
        contexts: Any,
        input_artifacts: Any = None,
        exec_properties: Any = None,
    ) -> Any:
        given = metadata_handle, contexts, input_artifacts, exec_properties
        execution = super()._register_or_reuse_execution(*given)
        is_reopened = execution.id == self.reopened
        if is_reopened and executions.has_read_others(metadata_handle, execution, input_artifacts):
            executions.supersede_open(metadata_handle, execution)
            execution = super()._register_or_reuse_execution(*given)
        if execution.name:
            # In every store another: whoever closes the execution finds the directory by it.
            execution.custom_properties[STATE_INDEX].string_value = execution.name
        return execution

    def _clean_up_stateless_execution_info(self, execution_info: Any) -> None:
        super()._clean_up_stateless_execution_info(execution_info)
        super()._clean_up_stateful_execution_info(execution_info)
        if "://" not in execution_info.tmp_dir:
            # TFX leaves the directory around it: empty, unless an executor has written to it.
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(execution_info.tmp_dir.rstrip("/")))

    def _clean_up_stateful_execution_info(self, execution_info: Any) -> None:
        """Nothing: it was done when the executor had ended, however it did."""

    def _run_executor(self, execution_info: Any) -> Any:
        # Before TFX's own part: that removes all outputs where it fails, also those of others.
        set_aside(execution_info.output_dict)
        try:
            return super()._run_executor(execution_info)
        except Exception as raised:
            # The failure itself is what the user must hear of, not what cannot be removed.
            with contextlib.suppress(Exception):
                remove_outputs(execution_info.output_dict)
            if isinstance(raised, HeadraceError):
                raise
            lost = lost_input(execution_info.input_dict)
            if lost is None:
                raise
            raise lost from raised


def set_aside(outputs: dict[str, Any]) -> None:
    """Rename what is in the places of outputs before the node has begun.

    Raises:
        OutputTaken: it cannot be renamed.
    """
    for artifacts in outputs.values():
        for artifact in artifacts:
            if artifact.uri and _is_taken(artifact.uri):
                _rename(artifact.uri.rstrip("/"))


def _rename(uri: str) -> None:
    aside = f"{uri}{SET_ASIDE}{time.time_ns()}"
    try:
        fileio.rename(uri, aside)
    except Exception as error:  # of whatever file system it is
        raise OutputTaken(
            f"{uri} holds what another execution has written, and cannot be renamed: {error}",
            "use the metadata store that it belongs to, or another artifact_root for this one; "
            "or remove the pipeline's old artifacts",
        ) from error
    _log.warning(
        "%s held what an execution of another metadata store has written; that is now at %s",
        uri,
        aside,
    )


def _is_taken(uri: str) -> bool:
    if not fileio.exists(uri):
        return False
    return not fileio.isdir(uri) or bool(fileio.listdir(uri))
