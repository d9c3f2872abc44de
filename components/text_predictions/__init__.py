"""TextPredictions: scored texts as lines, and aggregates by label and word. See docs/text.md.

The component has one name, ``headrace.components.text_predictions``, however it is imported,
because TFX records the import path of its executor.
"""

from headrace.components.text_predictions.component import TextPredictions

__all__ = ["TextPredictions"]
