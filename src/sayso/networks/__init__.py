"""Networks as torch modules, one architecture a file, each with a frozen configuration.

A network knows tensors and its own configuration: no paths, devices, logging or progress. Nothing
is imported here, so that `sayso.networks.ngrams` is usable without torch.
"""
