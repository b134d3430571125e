"""The tempo and the key of music, with how sure each is.

Conventions: tempi are beats a minute from 50 to 210; of two readings an octave apart, the one
nearer to 110 counts for a little more. A key is the tonic and "major" or "minor"; the relative key
has the same notes, and is the usual mistake. Both are of the whole recording: music that changes
them has the one that holds longest, with less certainty.

Source: the tempo is that of the strongest regular comb in the autocorrelation of the onsets, after
Ellis, "Beat tracking by dynamic programming", 2007; the key is the best match of the pitch classes
with the profiles of Temperley, "What's key for key?", 1999.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sayso.audio import Audio, Recorder, Resampler
from sayso.watch import SILENT, Watch

Array = npt.NDArray[np.float64]
RATE_HZ = 22_050
LOWEST_BPM, HIGHEST_BPM = 50.0, 210.0
UNSURE = 0.33
"""A certainty up to which what was found is a guess."""
TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_HOP, _WINDOW, _LONG_WINDOW = 256, 1024, 8192
_FRAMES_A_SECOND = RATE_HZ / _HOP
_BLOCK_HOPS = 4096
_BANDS = 24
_USUAL_BPM, _OCTAVES = 110.0, 1.0
_MAJOR = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)
_SHORTEST_S = 6.0
_LOUD = 1e-4


@dataclass(frozen=True)
class TempoKey:
    """What was found.

    Attributes:
        bpm: beats a minute; None where no beat is to be heard, or the recording is too short.
        bpm_certainty: 0 to 1.
        key: such as "A minor"; None where there are no pitches.
        key_certainty: 0 to 1.
    """

    bpm: float | None
    bpm_certainty: float
    key: str | None
    key_certainty: float

    @property
    def relative(self) -> str | None:
        """The key with the same notes.

        >>> TempoKey(None, 0, "C major", 1).relative, TempoKey(None, 0, "A minor", 1).relative
        ('A minor', 'C major')
        """
        if self.key is None:
            return None
        tonic, mode = self.key.split()
        to, step = ("minor", -3) if mode == "major" else ("major", 3)
        return f"{TONICS[(TONICS.index(tonic) + step) % 12]} {to}"

    @property
    def sure_bpm(self) -> float | None:
        """The tempo; None where it is a guess."""
        return self.bpm if self.bpm_certainty > UNSURE else None

    @property
    def sure_key(self) -> str | None:
        """The key; None where it is a guess."""
        return self.key if self.key_certainty > UNSURE else None

    @property
    def worded(self) -> tuple[str, str]:
        """Tempo and key as one says them, with how sure they are."""
        tempo = "none heard" if self.bpm is None else f"{self.bpm:.1f} beats a minute"
        key = "none heard" if self.key is None else f"{self.key} (or {self.relative})"
        return tempo + _sure(self.bpm, self.bpm_certainty), key + _sure(
            self.key, self.key_certainty
        )


def _sure(found: object, certainty: float) -> str:
    if found is None:
        return ""
    return ", sure" if certainty > 0.66 else ", likely" if certainty > UNSURE else ", a guess"


def tempo_key(audio: Audio, *, watch: Watch = SILENT) -> TempoKey:
    """The tempo and the key of a recording of any length, rate and channels.

    Raises: Cancelled.
    """
    mono = _mono(audio)
    onsets, classes = [], np.zeros(12)
    step = _HOP * _BLOCK_HOPS
    for start in range(0, mono.frames, step):
        watch.check()
        stop = min(start + step, mono.frames)
        # The window before tells what is new at the start.
        block = mono.block(start - _HOP, stop + _WINDOW)[0].astype(np.float64)
        onsets.append(_onsets(block)[: -(-(stop - start) // _HOP)])
        classes += _pitch_classes(mono.block(start, stop)[0].astype(np.float64))
        watch.report(stop / mono.frames)
    bpm, sure_bpm = _tempo(np.concatenate(onsets))
    key, sure_key = _key(classes)
    return TempoKey(bpm, sure_bpm, key, sure_key)


def _mono(audio: Audio) -> Audio:
    stream, recorder = Resampler(audio.sample_rate, RATE_HZ, channels=1), Recorder(1, RATE_HZ)
    for block in audio.blocks():
        recorder.append(stream.push(block.mean(axis=0, keepdims=True, dtype=np.float32)))
    recorder.append(stream.flush())
    recorder.append(np.zeros((1, _WINDOW), np.float32))
    return recorder.audio()


def _frames(block: Array, window: int, hop: int) -> Array:
    views = np.lib.stride_tricks.sliding_window_view(block, window)[::hop]
    spectra: Array = np.abs(np.fft.rfft(views * np.hanning(window), axis=1))
    return spectra


def _onsets(block: Array) -> Array:
    """How much louder each frame is than the one before, over bands, in a logarithmic measure."""
    spectra = _frames(block, _WINDOW, _HOP)
    edges = np.unique(np.geomspace(1, _WINDOW // 2, _BANDS + 1).astype(int))
    bands = np.add.reduceat(spectra, edges[:-1], axis=1) / np.diff(edges)
    levels = np.log1p(100.0 * bands)
    rises = np.maximum(0.0, np.diff(levels, axis=0))
    out: Array = rises.mean(axis=1)
    return out


def _tempo(onsets: Array) -> tuple[float | None, float]:
    if len(onsets) < _SHORTEST_S * _FRAMES_A_SECOND or onsets.max() < _LOUD:
        return None, 0.0
    # What is slower than a few beats is dynamics, and no rhythm.
    width = round(0.6 * _FRAMES_A_SECOND)
    even = onsets - np.convolve(onsets, np.full(width, 1 / width), "same")
    even /= np.sqrt(np.mean(even**2)) + 1e-12
    size = 1 << (2 * len(even) - 1).bit_length()
    power = np.abs(np.fft.rfft(even, size)) ** 2
    alike = np.fft.irfft(power)[: len(even)] / (len(even) - np.arange(len(even)))
    bpms = np.geomspace(LOWEST_BPM, HIGHEST_BPM, 1200)
    scores = _comb(alike, bpms)
    usual = np.exp(-0.5 * (np.log2(bpms / _USUAL_BPM) / _OCTAVES) ** 2)
    best = int(np.argmax(scores * usual))
    if scores[best] <= 0.02:
        return None, 0.0
    bpm = _refined(alike, float(bpms[best]))
    # Octaves and thirds of the tempo are the same rhythm read otherwise.
    ratio = np.log2(bpms / bpms[best])
    related = np.min([np.abs(np.abs(ratio) - np.log2(k)) for k in (1, 1.5, 2, 3, 4)], axis=0)
    other = (scores * usual)[related > 0.06].max(initial=0.0)
    return round(bpm, 1), float(np.clip(1 - other / (scores * usual)[best], 0, 1) ** 0.5)


def _comb(alike: Array, bpms: Array) -> Array:
    """How alike the onsets are to themselves one, two, three and four beats on."""
    at = np.arange(len(alike))
    beats = 60.0 / bpms * _FRAMES_A_SECOND
    scores: Array = sum(  # type: ignore[assignment]
        np.interp(k * beats, at, alike, right=0.0) * weight
        for k, weight in ((1, 1.0), (2, 0.9), (3, 0.4), (4, 0.8))
    )
    return scores / 3.1


def _refined(alike: Array, bpm: float) -> float:
    """The tempo by lags of ever more beats, each of which tells it more finely."""
    beat = 60.0 / bpm * _FRAMES_A_SECOND
    for count in (4, 8, 16, 32):
        low, high = round(count * beat - 0.15 * beat), round(count * beat + 0.15 * beat) + 1
        if high + 1 >= len(alike) // 2:
            break
        peak = low + int(np.argmax(alike[low:high]))
        before, here, after = alike[peak - 1 : peak + 2]
        curve = before - 2 * here + after
        offset = 0.5 * (before - after) / curve if curve < 0 else 0.0
        if here < 0.3 * alike[round(beat)] or not low < peak < high - 1:
            break
        beat = (peak + float(np.clip(offset, -0.5, 0.5))) / count
    return 60.0 * _FRAMES_A_SECOND / beat


def _pitch_classes(block: Array) -> Array:
    """The energy of each pitch class [12], of peaks between 60 and 2000 Hz."""
    if len(block) < _LONG_WINDOW:
        block = np.pad(block, (0, _LONG_WINDOW - len(block)))
    spectra = _frames(block, _LONG_WINDOW, _LONG_WINDOW // 2)
    hz = np.fft.rfftfreq(_LONG_WINDOW, 1 / RATE_HZ)
    peaks = np.zeros_like(spectra)
    middle = spectra[:, 1:-1]
    is_peak = (middle > spectra[:, :-2]) & (middle >= spectra[:, 2:])
    peaks[:, 1:-1] = np.where(is_peak, middle, 0.0)
    inside = (hz > 60) & (hz < 2000)
    pitch = 12 * np.log2(hz[inside] / 440.0) + 9
    # Overtones are weaker the higher, and count less.
    weight = np.cos(np.pi * (pitch - np.round(pitch))).clip(0) * (200.0 / hz[inside]).clip(0, 1)
    loud = np.sqrt(peaks[:, inside]) * weight
    classes = np.zeros(12)
    np.add.at(classes, np.round(pitch).astype(int) % 12, loud.sum(axis=0))
    return classes


def _key(classes: Array) -> tuple[str | None, float]:
    if classes.sum() < _LOUD:
        return None, 0.0
    found = []
    for name, profile in (("major", _MAJOR), ("minor", _MINOR)):
        for tonic in range(12):
            match = float(np.corrcoef(classes, np.roll(profile, tonic))[0, 1])
            found.append((match, f"{TONICS[tonic]} {name}"))
    (best, key), (next_best, _) = sorted(found, reverse=True)[:2]
    if best < 0.3:
        return None, 0.0
    return key, float(np.clip((best - next_best) / 0.15, 0, 1) * np.clip(best / 0.8, 0, 1))
