"""Speech, and nothing else: the cleaning of one recording.

Stages: preprocess, separators and their fusion, denoiser, Wiener mask, gate, loudness; each can be
left out. See `sayso.desk.cleaning`; `sayso.clean.config` reads them from files.
"""

from sayso.clean.config import CleanConfig, config_names, load_config
from sayso.clean.pipeline import Cleaned, clean_audio

__all__ = ["CleanConfig", "Cleaned", "clean_audio", "config_names", "load_config"]
