"""Editing in time: finding pauses and takes, recovering and learning cuts, playing a timeline.

Here lies only what every rendering needs; aligning, scoring, the editor and the exchange with other
programs are modules of their own.
"""

from sayso.edit.listener import RecordingListener
from sayso.edit.render import Edited
from sayso.edit.silence import find_silences

__all__ = ["Edited", "RecordingListener", "find_silences"]
