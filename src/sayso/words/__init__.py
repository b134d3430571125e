"""Words: the names of sounds, and English instructions turned into moves."""

from sayso.words.answers import Facts
from sayso.words.interpreter import Exchange, Interpretation, interpret
from sayso.words.state import State
from sayso.words.vocabulary import Vocabulary, canonical, vocabulary

__all__ = [
    "Exchange",
    "Facts",
    "Interpretation",
    "State",
    "Vocabulary",
    "canonical",
    "interpret",
    "vocabulary",
]
