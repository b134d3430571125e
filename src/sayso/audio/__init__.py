"""Sound: holding it, reading and writing it, measuring it, and going through it in pieces."""

from sayso.audio.audio import (
    BLOCK_FRAMES,
    Audio,
    Cancelled,
    Progress,
    Samples,
    stage,
    stop_if,
)
from sayso.audio.loudness import (
    LoudnessMeter,
    PeakMeter,
    decibels,
    integrated_lufs,
    true_peak_db,
)
from sayso.audio.overlap import Chunking, overlap_add
from sayso.audio.peaks import peaks
from sayso.audio.reading import Info, Notice, open_source, probe, read
from sayso.audio.recorder import Recorder
from sayso.audio.resampling import Resampler, resample
from sayso.audio.stft import Spectrum, istft, stft, window_frames
from sayso.audio.writing import Writer, write

__all__ = [
    "BLOCK_FRAMES",
    "Audio",
    "Cancelled",
    "Chunking",
    "Info",
    "LoudnessMeter",
    "Notice",
    "PeakMeter",
    "Progress",
    "Recorder",
    "Resampler",
    "Samples",
    "Spectrum",
    "Writer",
    "decibels",
    "integrated_lufs",
    "istft",
    "open_source",
    "overlap_add",
    "peaks",
    "probe",
    "read",
    "resample",
    "stage",
    "stft",
    "stop_if",
    "true_peak_db",
    "window_frames",
    "write",
]
