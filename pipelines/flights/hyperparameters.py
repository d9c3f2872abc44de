"""The pipelines' component for run parameters, with the network to train."""

from tfx import v1 as tfx

from pipelines.flights.networks import NETWORKS
from pipelines.hyperparameters import write


# TFX reads these annotations, so they must be types and not texts.
@tfx.dsl.components.component
def Hyperparameters(
    hyperparameters: tfx.dsl.components.OutputArtifact[
        tfx.types.standard_artifacts.HyperParameters
    ],
    network: tfx.dsl.components.Parameter[str],
    epochs: tfx.dsl.components.Parameter[int],
    learning_rate: tfx.dsl.components.Parameter[float],
) -> None:
    """Write the parameters where Trainer reads them."""
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, not {network!r}")
    write(hyperparameters.uri, epochs, learning_rate, network=network)
