"""Peer: penguins under TFX's own LocalDagRunner. Usage: local_dag_runner.py DIRECTORY."""

import sys
import time
from pathlib import Path

from tfx import v1 as tfx

from pipelines.penguins.pipeline import create_pipeline

place = Path(sys.argv[1]).resolve()
start = time.monotonic()
pipeline = create_pipeline(
    pipeline_root=str(place / "artifacts"),
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
        str(place / "metadata.sqlite")
    ),
)
tfx.orchestration.LocalDagRunner().run(pipeline)
(place / "seconds").write_text(str(time.monotonic() - start))
