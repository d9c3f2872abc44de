"""What the metadata store says of runs, executions and artifacts, as plain data; no TFX."""
