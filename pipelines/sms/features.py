"""The columns, and what is made of them."""

LABEL = "label"
TEXT = "text"
SPAM, HAM = "spam", "ham"

VOCABULARY = "words"
VOCABULARY_SIZE = 2000
MOST_WORDS = 40
"""Of a message; what comes after them is not seen. 98 % of the messages have no more."""
WORD = r"[a-z0-9]+(?:'[a-z0-9]+)*"
"""A word of a text in small letters, for whoever counts words outside of Transform."""

WORDS = "words_xf"
LENGTH = "length_xf"


def transformed(name: str) -> str:
    """Name of a feature after Transform."""
    return f"{name}_xf"
