"""Cleaned files and what is told of them: rows, tables, a page to listen to, metrics taken anew.

config = load_config("embedded")
row = clean_file(Path("take.wav"), Path("out/take.wav"), config)
write_report(Path("out"), [row])
"""

from sayso.reports.evaluation import measure_rows
from sayso.reports.files import clean_file
from sayso.reports.report import check_report, write_report
from sayso.reports.rows import CleanRow
from sayso.reports.tables import read_rows

__all__ = ["CleanRow", "check_report", "clean_file", "measure_rows", "read_rows", "write_report"]
