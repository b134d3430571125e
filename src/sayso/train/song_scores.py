"""Final metrics of a separator on whole test songs: BSSEval v4, NSDR, SNR, uSDR, song by song.

Songs are separated and compared at the separator's own rate in mono, as in arXiv:1711.00048, so the
metrics say nothing about what lies above half that rate. NSDR is the SDR less that of the mix taken
for the source. The others are over the whole song and with no filter allowed: uSDR is the plain
signal-to-noise ratio, SNR that of the estimate scaled as fits best, as the paper's code has it, and
NSNR the SNR less that of the mix.

A song of which a source is silent throughout has no ratios; it is told by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sayso.audio import Audio
from sayso.errors import ConfigError, SilenceError
from sayso.measure.bss_eval import medians
from sayso.measure.sdr import Array, usdr
from sayso.networks.unet import UNet
from sayso.networks.unet_shapes import UNetConfig
from sayso.separate.unet import UNetSeparator
from sayso.train import checkpoint, unet_task
from sayso.train.config import load_config
from sayso.train.data.datasets.record import Track
from sayso.train.data.datasets.spans import read_excerpt
from sayso.watch import SILENT, Watch

METRICS = ("sdr", "nsdr", "isr", "sir", "sar", "snr", "nsnr", "usdr")


class SongScore(NamedTuple):
    """One song: `metrics[source][metric]` in dB; BSSEval ones are medians over 1 s windows.

    `left_out` says why there are none.
    """

    title: str
    metrics: Mapping[str, Mapping[str, float]]
    left_out: str = ""


def score_songs(
    separator: UNetSeparator,
    tracks: Sequence[Track],
    *,
    watch: Watch = SILENT,
) -> list[SongScore]:
    """Separate every song and compare its stems with the true ones.

    Args:
        separator: a trained U-Net.
        tracks: songs with a stem for each of its sources.
        watch: progress and cancelling, polled between files.
    Raises: DataError when a song cannot be decoded.
    """
    scores = []
    for number, track in enumerate(tracks, start=1):
        try:
            scores.append(_score(separator, track))
        except SilenceError:
            scores.append(SongScore(track.title, {}, "one of its sources is silent throughout"))
        watch.check()
        watch.report(number / len(tracks))
    return scores


def score_run(folder: Path, *, watch: Watch = SILENT) -> list[SongScore]:
    """The best weights of a U-Net's run on the test songs of its own configuration.

    Args:
        folder: of a supervised or adversarial run.
        watch: progress and cancelling, polled between files.
    Raises: ConfigError for a folder without a configuration of that kind, ModelError when it holds
        no weights yet, DataError when its songs are gone.
    """
    config = load_config(folder / "config.yaml")
    if not isinstance(config.task, unet_task.Config):
        raise ConfigError(f"{folder} holds a run of kind {config.kind}; expected a U-Net's")
    tensors, metadata = checkpoint.read(folder / "best.safetensors")
    network = UNet(UNetConfig.model_validate(metadata["config"]))
    network.load_state_dict(tensors)
    tracks = config.task.songs.select(network.config.sources).partition.test
    separator = unet_task.torch_separator(network.eval(), name=folder.name)
    return score_songs(separator, tracks, watch=watch)


def summarise(scores: Iterable[SongScore]) -> dict[str, dict[str, float]]:
    """Medians over songs, `[source][metric]` in dB; songs without a figure (NaN) do not count."""
    rows: dict[str, dict[str, list[float]]] = {}
    for score in scores:
        for source, metrics in score.metrics.items():
            for metric, value in metrics.items():
                if np.isfinite(value):
                    rows.setdefault(source, {}).setdefault(metric, []).append(value)
    return {
        source: {metric: float(np.median(values)) for metric, values in metrics.items()}
        for source, metrics in rows.items()
    }


def fitted_snr(estimate: Array, reference: Array) -> Array:
    """Signal-to-noise ratio in dB of the estimate at the level that fits best; 0 at the least.

    Args:
        estimate: waveforms `[..., T]`.
        reference: the true ones, not silent.
    Source: `alpha_snr` of the released code of arXiv:1711.00048.

    >>> import numpy as np
    >>> s, noise = np.array([1.0, 1.0, -1.0, -1.0]), np.array([0.1, -0.1, 0.1, -0.1])
    >>> round(float(fitted_snr(5 * (s + noise), s)), 2)
    20.04
    """
    clean, heard = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    inner = (clean * heard).sum(axis=-1)
    powers = (clean**2).sum(axis=-1) * (heard**2).sum(axis=-1)
    shared = np.divide(inner**2, powers, out=np.zeros_like(inner), where=powers > 0)
    with np.errstate(divide="ignore"):
        ratio: Array = -10.0 * np.log10(np.maximum(1.0 - shared, 0.0))
    return ratio


def _score(separator: UNetSeparator, track: Track) -> SongScore:
    rate, sources = separator.config.sample_rate, separator.config.sources
    frames = round(track.duration_s * rate)

    def read(signal: Any) -> Any:
        return read_excerpt(track, signal, start_s=0.0, frames=frames, sample_rate=rate)[None]

    references = np.stack([read(track.stems[source]) for source in sources])
    mix = read(track.mix)
    stems = separator.separate(Audio(mix, rate), sources)
    estimates = np.stack([stems[source].samples for source in sources])
    ratios = medians(estimates, references, sample_rate=rate)
    ratios["usdr"] = usdr(estimates, references)
    mixes = np.repeat(mix[None], len(sources), axis=0)
    ratios["nsdr"] = ratios["sdr"] - medians(mixes, references, sample_rate=rate)["sdr"]
    ratios["snr"] = fitted_snr(estimates[:, 0], references[:, 0])
    ratios["nsnr"] = ratios["snr"] - fitted_snr(mixes[:, 0], references[:, 0])
    return SongScore(
        track.title,
        {
            source: {metric: float(ratios[metric][s]) for metric in METRICS}
            for s, source in enumerate(sources)
        },
    )
