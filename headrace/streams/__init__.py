"""Named streaming jobs on Flink: started, looked at, stopped with a savepoint, gone on with."""
