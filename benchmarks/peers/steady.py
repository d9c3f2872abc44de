"""Peer: the same work each time, of the kinds that a node does, with nothing of ours in it.

Large libraries are imported, fresh memory is taken, and Python and native code compute.
"""

import numpy as np
import pandas as pd
import pyarrow.compute as pc

ROWS = 2_000_000

generator = np.random.default_rng(1)
table = pd.DataFrame({"key": generator.integers(0, 1000, ROWS), "value": generator.random(ROWS)})
assert len(table.groupby("key").value.mean()) == 1000
assert pc.count_distinct(pc.cast(table.key.to_numpy(), "string")).as_py() == 1000
assert sum(number % 7 for number in range(ROWS)) == 5_999_995
