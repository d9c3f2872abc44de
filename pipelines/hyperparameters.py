"""A component that turns run parameters into the HyperParameters artifact that Trainer takes.

Trainer's own train_args and custom_config are JSON texts, so a typed number cannot be given to them
when a run starts; to this component it can.
"""

import json
import os

import tensorflow as tf
from tfx import v1 as tfx


# TFX reads these annotations, so they must be types and not texts.
@tfx.dsl.components.component
def Hyperparameters(
    hyperparameters: tfx.dsl.components.OutputArtifact[
        tfx.types.standard_artifacts.HyperParameters
    ],
    epochs: tfx.dsl.components.Parameter[int],
    learning_rate: tfx.dsl.components.Parameter[float],
) -> None:
    """Write the parameters where Trainer reads them."""
    write(hyperparameters.uri, epochs, learning_rate)


def write(uri: str, epochs: int, learning_rate: float, **others: str | int | float) -> None:
    """Check and write what a training has, for a pipeline that has ``others`` beside them, too.

    Raises:
        ValueError: a parameter is out of its range.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}")
    if not 0 < learning_rate <= 1:
        raise ValueError(f"learning_rate must be above 0 and at most 1, not {learning_rate}")
    with tf.io.gfile.GFile(os.path.join(uri, "hyperparameters.txt"), "w") as file:
        file.write(json.dumps({**others, "epochs": epochs, "learning_rate": learning_rate}))
