"""What each step of a Beam job costs. docs/text.md shows it.

The module has one name, ``headrace.components.measured_steps``, however it is imported, because
Beam's workers import it by that name.
"""

from headrace.components.measured_steps.costs import StepCost, step_costs, write_costs
from headrace.components.measured_steps.measured import Measured

__all__ = ["Measured", "StepCost", "step_costs", "write_costs"]
