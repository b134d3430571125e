"""Edits in and out of other programs' files; the suffix of a name says which.

| suffix | format | what it keeps |
|---|---|---|
| `.otio` | OpenTimelineIO | everything |
| `.rpp` | Reaper project | clips, gains, joins of one length, gaps between clips |
| `.xml` | Final Cut Pro 7 | clips, at 1/30 s |
| `.edl` | CMX 3600 | clips, at 1/30 s |
| `.txt` | Audacity labels on the raw recording | clips, to a microsecond |
| `.json` | auto-editor v1 | clips in rising order, at 1/30 s |
"""

from sayso.timeline.exchange.files import SUFFIXES, check_name, dumps, loads, read_edit, write_edit

__all__ = ["SUFFIXES", "check_name", "dumps", "loads", "read_edit", "write_edit"]
