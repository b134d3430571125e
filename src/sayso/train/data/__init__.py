"""Material for training: the pool, the store made of it, recipes for mixtures, and streams."""
