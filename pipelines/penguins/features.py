"""The columns, and what each is used for."""

LABEL = "species"
NUMERIC = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
CATEGORICAL = ("island", "sex")
# "year" is when the bird was measured; a later bird would have a year never seen in training.
UNUSED = ("year",)

SPECIES_COUNT = 3
MISSING_CATEGORY = "unknown"


def transformed(name: str) -> str:
    """Name of a feature after Transform."""
    return f"{name}_xf"
