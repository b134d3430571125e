"""Editing by what is played: features, scores, choosing, and editors learnt from pairs."""
