"""Words: the names of sounds, and English instructions turned into moves."""

from sayso.words.interpreter import Interpretation, interpret
from sayso.words.vocabulary import Vocabulary, canonical, nearest, vocabulary

__all__ = ["Interpretation", "Vocabulary", "canonical", "interpret", "nearest", "vocabulary"]
