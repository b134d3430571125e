"""The report of a batch as one HTML file that needs no other: tables, plots, and what to hear."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from sayso.measure.drawing import histogram, spectrogram, waveform
from sayso.reports.rows import AFTER, BEFORE, CleanRow
from sayso.reports.snippets import Snippet
from sayso.reports.tables import MEANINGS, averages, metric_names, values

_MOST_LISTED = 200
_PAIR = ((BEFORE, "before"), (AFTER, "after"))


def page(rows: Sequence[CleanRow], worst: Sequence[tuple[CleanRow, Snippet, bytes, bytes]]) -> str:
    """The HTML of a report.

    Args:
        rows: of the batch.
        worst: those to listen to, the worst first, with their seconds and the MP3s of these.
    """
    style = files("sayso.reports").joinpath("report.css").read_text(encoding="utf-8")
    body = "\n".join((_head(rows), _plots(rows), _worst(worst), _passed(rows), _noted(rows)))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Cleaned speech</title><style>{style}</style></head>\n<body><main>{body}</main>"
        "</body></html>\n"
    )


def _head(rows: Sequence[CleanRow]) -> str:
    cleaned = [row for row in rows if row.status == "cleaned"]
    hours = sum(row.duration_s for row in cleaned) / 3600
    configs = ", ".join(sorted({row.config for row in rows}))
    lines = "".join(
        f"<tr><th>{escape(MEANINGS.get(name, name))}</th><td>{before}</td><td>{after}</td>"
        f"<td>{worst}</td></tr>"
        for name, before, after, worst in averages(rows)
    )
    return (
        f"<h1>Cleaned speech</h1><p>{len(cleaned)} of {len(rows)} files, {hours:.2f} hours, with "
        f"<b>{escape(configs)}</b>; {len(rows) - len(cleaned)} skipped.</p>"
        '<div class="wide"><table><thead><tr><th>mean over files</th><td>before</td><td>after</td>'
        f"<td>worst after</td></tr></thead>{lines}</table></div>"
    )


def _plots(rows: Sequence[CleanRow]) -> str:
    plots = []
    names = metric_names(rows)
    stems = dict.fromkeys(name.removesuffix(BEFORE).removesuffix(AFTER) for name in names)
    for stem in stems:
        series = {word: values(rows, stem + suffix) for suffix, word in _PAIR}
        series = {word: found for word, found in series.items() if found}
        if not series:
            series = {"after": values(rows, stem)}
        title = MEANINGS.get(stem, stem)
        if plot := histogram(series, title=title):
            plots.append(f"<figure>{plot}<figcaption>{escape(title)}</figcaption></figure>")
    if not plots:
        return ""
    key = '<p class="key"><i class="before"></i>before <i class="after"></i>after; the line is the '
    return f'<h2>Distributions</h2>{key}median</p><div class="plots">{"".join(plots)}</div>'


def _worst(worst: Sequence[tuple[CleanRow, Snippet, bytes, bytes]]) -> str:
    if not worst:
        return ""
    cards = "".join(_card(*each) for each in worst)
    return (
        f"<h2>The worst {len(worst)} to listen to</h2><p>The seconds in which most was taken away, "
        f"at one loudness.</p>{cards}"
    )


def _card(row: CleanRow, snippet: Snippet, before: bytes, after: bytes) -> str:
    full = max(
        float(abs(block).max())
        for audio in (snippet.before, snippet.after)
        for block in audio.blocks()
    )
    columns, loudest = [], None
    for word, audio, mp3 in (
        ("before", snippet.before, before),
        ("after", snippet.after, after),
    ):
        name = f"{word}: {Path(row.source).name}"
        picture, loudest = spectrogram(audio, title=f"spectrogram {name}", loudest=loudest)
        sound = base64.b64encode(mp3).decode()
        columns.append(
            f'<div class="{word}"><b>{word}</b>{waveform(audio, full=full, title=name)}{picture}'
            f'<audio controls preload="none" src="data:audio/mpeg;base64,{sound}"></audio></div>'
        )
    told = "; ".join(
        f"{escape(MEANINGS.get(stem, stem))} {_pair(row, stem)}"
        for stem in ("music_to_speech_db", "background_db", "dnsmos_ovr", "si_sdr", "stoi", "wer")
        if stem + AFTER in row.metrics
    )
    minutes, seconds = divmod(snippet.start_s, 60)
    return (
        f"<article><h3>{escape(row.source)}</h3><p>from {int(minutes)}:{seconds:04.1f}; {told}</p>"
        f'<div class="ab">{"".join(columns)}</div></article>'
    )


def _pair(row: CleanRow, stem: str) -> str:
    after = f"{row.metrics[stem + AFTER]:.2f}"
    before = row.metrics.get(stem + BEFORE)
    return after if before is None else f"{before:.2f} &rarr; {after}"


def _passed(rows: Sequence[CleanRow]) -> str:
    told = [(row.source, row.reason or "") for row in rows if row.status != "cleaned"]
    return _listed("Skipped", told)


def _noted(rows: Sequence[CleanRow]) -> str:
    return _listed("Notes", [(row.source, "; ".join(row.notes)) for row in rows if row.notes])


def _listed(title: str, told: Sequence[tuple[str, str]]) -> str:
    if not told:
        return ""
    lines = "".join(
        f"<tr><th>{escape(source)}</th><td>{escape(text)}</td></tr>"
        for source, text in told[:_MOST_LISTED]
    )
    more = len(told) - _MOST_LISTED
    rest = f"<p>{more} more are in metrics.csv.</p>" if more > 0 else ""
    return f'<h2>{title}</h2><div class="wide"><table class="text">{lines}</table></div>{rest}'
