"""TFX components that train decision forests with YDF, and tune their hyperparameters."""

from .component import ForestTrainer
from .tuner import ForestTuner

__all__ = ["ForestTrainer", "ForestTuner"]
