"""What songs are made of: how often each instrument and each role's own stems are drawn."""

from __future__ import annotations

from collections.abc import Mapping

# How often an instrument plays "other"; those not named count as 1. What most songs have comes
# most; what a single sample has to stand for comes seldom.
PREVALENCE: Mapping[str, float] = {
    "electric guitar": 6.0,
    "acoustic guitar": 4.0,
    "guitar": 2.0,
    "piano": 4.0,
    "organ": 2.5,
    "electric piano": 2.0,
    "synth": 3.0,
    "synth lead": 2.0,
    "synth pad": 2.0,
    "strings": 2.5,
    "brass": 2.0,
    "saxophone": 2.5,
    "trumpet": 2.0,
    "flute": 1.5,
    "didgeridoo": 0.3,
    "theremin": 0.4,
    "sitar": 0.4,
    "kalimba": 0.4,
    "orchestra": 0.3,
}
# How often a role is played by a song's own stems; the pool's songs hold next to no bass, so that
# nearly all of it is rendered or synthesised.
SONG_ROLES: Mapping[str, float] = {"vocals": 0.4, "drums": 0.4, "bass": 0.35, "other": 0.3}
SPREAD: Mapping[str, float] = {"vocals": 0.25, "speech": 0.3, "bass": 0.15, "kick": 0.1}
# What is too wide to make two instruments alike, and what is alike across families.
FAR = frozenset({"music", "instrumental", "other"})
ALIKE = frozenset(
    frozenset(pair)
    for pair in (
        ("trumpet", "saxophone"),
        ("piano", "acoustic guitar"),
        ("piano", "harp"),
        ("violin", "flute"),
        ("cello", "bassoon"),
        ("cello", "double bass"),
        ("accordion", "harmonica"),
        ("accordion", "organ"),
        ("clarinet", "accordion"),
        ("banjo", "acoustic guitar"),
        ("banjo", "sitar"),
        ("tuba", "bass guitar"),
        ("french horn", "cello"),
        ("trombone", "bassoon"),
        ("vibraphone", "electric piano"),
        ("harpsichord", "acoustic guitar"),
    )
)
