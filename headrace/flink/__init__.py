"""A Flink session cluster on this machine, or one that runs already: found, started, described."""
