"""Sound: holding it, reading and writing it, measuring it, and going through it in pieces."""

from sayso.audio.attended import attended
from sayso.audio.audio import (
    BLOCK_FRAMES,
    Audio,
    Samples,
)
from sayso.audio.loudness import (
    LoudnessMeter,
    PeakMeter,
    decibels,
    integrated_lufs,
    programme_lufs,
    true_peak_db,
)
from sayso.audio.overlap import Chunking, overlap_add
from sayso.audio.peaks import peaks
from sayso.audio.polarity import polarities, turned, upright
from sayso.audio.reading import open_source, probe, read, record
from sayso.audio.recorder import Recorder
from sayso.audio.resampling import Resampler, resample
from sayso.audio.source import Info, Notice, Track
from sayso.audio.stft import Spectrum, istft, stft, window_frames
from sayso.audio.tags import Chapter, Picture, Tags, read_tags
from sayso.audio.wild import calmed, find_wild
from sayso.audio.writing import Writer, write

__all__ = [
    "BLOCK_FRAMES",
    "Audio",
    "Chapter",
    "Chunking",
    "Info",
    "LoudnessMeter",
    "Notice",
    "PeakMeter",
    "Picture",
    "Recorder",
    "Resampler",
    "Samples",
    "Spectrum",
    "Tags",
    "Track",
    "Writer",
    "attended",
    "calmed",
    "decibels",
    "find_wild",
    "integrated_lufs",
    "istft",
    "open_source",
    "overlap_add",
    "peaks",
    "polarities",
    "probe",
    "programme_lufs",
    "read",
    "read_tags",
    "record",
    "resample",
    "stft",
    "true_peak_db",
    "turned",
    "upright",
    "window_frames",
    "write",
]
