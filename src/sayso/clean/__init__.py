"""Speech, and nothing else: the cleaning of one recording, and the reports of many.

    config = load_config("embedded")
    row = clean_file(Path("take.wav"), Path("out/take.wav"), config)
    write_report(Path("out"), [row])

Stages: preprocess, separators and their fusion, denoiser, Wiener mask, gate, loudness; each can be
left out. See `sayso.clean.config`.
"""

from sayso.clean.config import CleanConfig, config_names, load_config
from sayso.clean.evaluation import measure_rows
from sayso.clean.files import clean_file
from sayso.clean.pipeline import Cleaned, clean_audio
from sayso.clean.report import check_report, write_report
from sayso.clean.rows import CleanRow
from sayso.clean.tables import read_rows

__all__ = [
    "CleanConfig",
    "CleanRow",
    "Cleaned",
    "check_report",
    "clean_audio",
    "clean_file",
    "config_names",
    "load_config",
    "measure_rows",
    "read_rows",
    "write_report",
]
