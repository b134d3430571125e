"""What a render gives: tracks, what should be known of them, and writing them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sayso.audio import Audio, Tags, decibels, probe, read_tags, write
from sayso.audio.notebook import player
from sayso.audio.picture import check_video, has_picture, is_video, write_video
from sayso.desk import NO
from sayso.outputs import Destination
from sayso.timeline import Timeline, take
from sayso.timeline.chapters import carried, heard
from sayso.timeline.chapters import played as stretches

if TYPE_CHECKING:
    from sayso.audio import Notice
    from sayso.clean import Cleaned

LOUD = "peaks above full scale"
"""The note of a track that a file of whole numbers would clip."""


@dataclass(frozen=True)
class Track:
    """One rendered track.

    Attributes:
        audio: the samples; peaks above full scale are kept.
        peak: the largest sample, 1 is full scale.
        notes: what the person should know of it.
        part: where a part of a track begins and ends in it, in seconds; None for all of it.
        title: what that part is called, where the file has chapters.
    """

    audio: Audio
    peak: float
    notes: tuple[str, ...] = ()
    part: tuple[float, float] | None = None
    title: str | None = None

    @property
    def peak_db(self) -> float:
        """The largest sample in dBFS."""
        return decibels(self.peak)

    def write(
        self, path: str | Path, *, encoding: str | None = None, tags: Tags | None = None
    ) -> Path:
        """Writes it to a file, whose suffix is the format, and returns the path.

        Args:
            path: folders are made.
            encoding: "pcm16", "pcm24", "float32"; None takes the format's own, but keeps peaks
                above full scale by writing wav as float32.
            tags: what the file shall say of the recording.

        Raises: OutputError.
        """
        if encoding is None and Path(path).suffix.lower() == ".wav" and self.peak > 1.0:
            encoding = "float32"
        return write(path, self.audio, encoding=encoding, tags=tags)


@dataclass(frozen=True)
class Result(Mapping[str, Audio]):
    """Rendered tracks by name, in the order of asking, and what the person should know of them.

    As a mapping it gives the sound alone: `result["vocals"]` is the `Audio` of that track.

    Attributes:
        tracks: by target.
        name: what they are filed under.
        timeline: what is heard of the recording, once it was cleaned and before any tempo.
        inputs: the files that were read for it, which no output replaces.
        cleaned: what the cleaning gave, where the desk asks for it and there was speech.
        no_speech: why there was none, where the desk asks for cleaning; the tracks are silent then.
        makers: which model took out each sound that was separated; "the rest" for what is left.
        tempo: how fast the timeline is played.
        edited: whether time was changed, so that a picture has to be cut alike.
        track: which sound track of the file was read, as it was asked for.
    """

    tracks: Mapping[str, Track]
    name: str
    timeline: Timeline
    inputs: tuple[Path, ...] = ()
    cleaned: Cleaned | None = None
    no_speech: str | None = None
    makers: Mapping[str, str] = field(default_factory=dict)
    tempo: float = 1.0
    edited: bool = False
    track: str | int | None = None

    def __getitem__(self, target: str) -> Audio:
        """The sound of a track. Raises: KeyError."""
        return self.tracks[target].audio

    def __iter__(self) -> Iterator[str]:
        """The names of the tracks."""
        return iter(self.tracks)

    def __len__(self) -> int:
        """How many tracks there are."""
        return len(self.tracks)

    def described(self, target: str) -> dict[str, Any]:
        """What is known of a track but its sound, as plain data.

        Args:
            target: the name of the track.

        Returns: its `target`, `sample_rate` in Hz, `channels`, `frames`, `peak` (1 is full scale),
            `notes`, and `made_by`: the model that took it out, or None.
        Raises: KeyError.
        """
        track = self.tracks[target]
        return {
            "target": target,
            "sample_rate": track.audio.sample_rate,
            "channels": track.audio.channels,
            "frames": track.audio.frames,
            "peak": track.peak,
            "notes": list(track.notes),
            "made_by": self.makers.get(target.removeprefix(NO)),
        }

    def _repr_html_(self) -> str:
        """A player a track, for notebooks."""
        shown = ((target, track.audio) for target, track in self.tracks.items())
        return "".join(player(a.samples, a.sample_rate, target) for target, a in shown)

    def _heard(self, track: Track) -> Timeline:
        """What of the recording is heard in a track."""
        if track.part is None:
            return self.timeline
        scale = self.timeline.sample_rate * self.tempo
        start, stop = (round(at_s * scale) for at_s in track.part)
        clips = take(self.timeline.clips, start, max(start + 1, stop))
        return self.timeline.model_copy(update={"clips": clips}) if clips else self.timeline

    def _speed(self, track: Track) -> float:
        whole = track.part is None
        return self.timeline.duration_s / track.audio.duration_s if whole else self.tempo

    def _is_video(self, path: Path) -> bool:
        return is_video(path) and bool(self.inputs) and has_picture(self.inputs[0])

    def _write_video(
        self, path: Path, track: Track, destination: Destination, notice: Notice | None
    ) -> None:
        """The video that was read, with a track as its sound. Raises: OutputError."""
        video = self.inputs[0]
        edited = self.edited or track.part is not None
        check_video(path.name, self.inputs, edited=edited, encode=destination.encode)
        chapters = played = None
        if edited:
            timeline, speed = self._heard(track), self._speed(track)
            played = list(stretches(timeline, speed))
            chapters = heard(read_tags(video), timeline, speed=speed).chapters
        write_video(
            path,
            track.audio,
            of=video,
            track=probe(video, track=self.track).track,
            encoding=destination.encoding,
            played=played,
            chapters=chapters,
            notice=notice,
        )

    def write(
        self,
        out: str | Path,
        *,
        pattern: str | None = None,
        format: str | None = None,
        encoding: str | None = None,
        overwrite: bool = False,
        encode: bool = False,
        notice: Notice | None = None,
    ) -> Mapping[str, Path]:
        """Writes every track and returns where each went; see `sayso.outputs` for the rule.

        Args:
            out: a folder, made if it is not there; or, for a single track, a file with the ending
                of an audio format.
            pattern: of the file names in a folder; may use {track}, {target} and {ext}. None takes
                "{track}/{target}.{ext}".
            format: a suffix that `sayso.audio.write` knows; None takes that of the name, else wav.
            encoding: as `Track.write` takes it.
            overwrite: whether files that are there are replaced; else the new ones are numbered.
            encode: as `Destination` takes it.
            notice: told where they are.

        Raises: OutputError.
        """
        destination = Destination.to(
            out,
            pattern=pattern,
            format=format,
            encoding=encoding,
            overwrite=overwrite,
            encode=encode,
        )
        return self.deliver(destination, notice=notice)

    def deliver(
        self,
        destination: Destination,
        *,
        ours: Iterable[Path] = (),
        notice: Notice | None = None,
    ) -> Mapping[str, Path]:
        """As `write`, to a destination that is known already.

        Args:
            destination: where to.
            ours: files that may be replaced, since they were written for an earlier turn.
            notice: told where a file is there already.

        Raises: OutputError.
        """
        targets = tuple(self.tracks)
        with destination.claim(
            self.name, targets, inputs=self.inputs, ours=ours, notice=notice
        ) as paths:
            known = read_tags(self.inputs[0]) if self.inputs else Tags()
            for target, track in self.tracks.items():
                path = paths[target]
                if self._is_video(path):
                    self._write_video(path, track, destination, notice)
                    continue
                tags, said = carried(known, path, self._heard(track), speed=self._speed(track))
                if track.title:
                    tags = replace(tags, fields={**tags.fields, "title": (track.title,)})
                if said and notice is not None:
                    notice(said)
                track.write(path, encoding=destination.encoding, tags=tags)
        return paths
