"""Opens the store for a node that is not known yet, in a process that stands by for it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.launcher.jobs import NodeRequest
from headrace.node.known_contexts import contexts_of
from headrace.node.metadata import Metadata, open_metadata
from headrace.node.pipeline_ir import load_node


def open_ahead(like: NodeRequest) -> Metadata:
    """The store of this request, told already what the next node of its run will ask for.

    Raises:
        HeadraceError: the store cannot be used.
    """
    metadata = open_metadata(like.metadata_url, Path(like.ir_path))
    metadata.look_up_types()
    with contextlib.suppress(HeadraceError):  # the next node may be of another pipeline
        spec = load_node(Path(like.ir_path), like.node_id, like.run_id, like.parameters)
        nodes = (item.pipeline_node for item in spec.pipeline.nodes)
        metadata.look_up(key for node in nodes for key in contexts_of(node))
    return metadata
