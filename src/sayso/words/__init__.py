"""Words: the names of sounds, and English instructions turned into moves."""

from sayso.words.interpreter import Exchange, Interpretation, interpret
from sayso.words.vocabulary import Vocabulary, canonical, vocabulary

__all__ = [
    "Exchange",
    "Interpretation",
    "Vocabulary",
    "canonical",
    "interpret",
    "vocabulary",
]
