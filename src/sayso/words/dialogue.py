"""Answers: help, guidance, other languages, and the topics that are talked about and not done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from sayso.desk import History, Reply
from sayso.words.actions.changes import Declined, Reason
from sayso.words.hearing import TargetResolver
from sayso.words.items import known_words
from sayso.words.lexicon import Cue, Phrases, lexicon, listed, load
from sayso.words.tokens import tokenize
from sayso.words.wording import described, joined, spoken

# Which of two small remarks in one message is answered: "thanks, what else can you do?"
_WEIGHT = ("help", "dissatisfied", "transport", "thanks", "greeting", "no", "yes")
_FALLBACK = ("remove the vocals", "make the drums louder", "cut the first 10 seconds")
# Other scripts than Latin: Greek, Cyrillic, Hebrew, Arabic, Indic, Thai, kana, Hangul, Han.
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1cff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]")
_TYPES = r"(?:mp3|wav|flac|m4a|ogg|opus|aac|aiff)"
_IT = r"(?:it|this|that|them|all|everything|the (?:result|file|mix|song|track)|out)"
_FORMAT = re.compile(
    r"(?:,?\s*\b(?:and|then)\b)*\s*\b(?:save|export|write|render|bounce|store|download)\b"
    rf"(?:\s+{_IT})*\s+(?:as|to|in|into|under|called)?\s*[\w-]+\.{_TYPES}\b"
    rf"|\b(?:as|to|into|called|named)\s+[\w-]+\.{_TYPES}\b"
    r"|\b(?:as|in|to|into)\s+(?:an?\s+)?(?:\d+\s*-?(?:k|kbps|kbit|bit|bits)\W+)*"
    rf"{_TYPES}s?(?:\s+(?:files?|format))?\b"
)
# A mark and a filler between two remarks do not make them less small.
_BETWEEN = frozenset(',.;:!?"\n()-')


class Topic(NamedTuple):
    """What is answered when a topic is raised."""

    reason: Reason
    text: str
    suggestions: tuple[str, ...]


class _Talk(NamedTuple):
    topics: Mapping[str, Topic]
    remarks: Phrases
    foreign: Mapping[str, frozenset[str]]


@cache
def _talk() -> _Talk:
    data = load("dialogue.yaml")
    topics = data["topics"]
    return _Talk(
        topics={
            name: Topic(topic["reason"], topic["text"], tuple(topic["suggestions"]))
            for name, topic in topics.items()
        },
        remarks=Phrases(
            (phrase, Cue("remark", name))
            for name, topic in topics.items()
            if "alone" in topic
            for phrase in listed(topic["phrases"])
        ),
        # What is also an English word tells nothing.
        foreign={
            name: frozenset(words.split()) - known_words()
            for name, words in data["foreign"].items()
        },
    )


def raised(name: str, history: History, ear: TargetResolver) -> Declined:
    """The answer to a topic."""
    reason, text, suggestions = _talk().topics[name]
    if name in {"help", "guide", "stems"}:
        text = _help(ear)
    elif name == "statement":
        text = _so_far(history)
    elif name == "yes" and history.turns:
        done = [part for move in history.turns[-1] for part in described(move)]
        text = f"That is done already: {joined(done)}. Say what else should change."
    return Declined(reason, text, suggestions)


def without_format(text: str) -> str:
    """`text` with blanks for what it says of the file to be written.

    >>> without_format("remove the bass and save it as karaoke.mp3").rstrip()
    'remove the bass'
    """
    return _FORMAT.sub(lambda found: " " * len(found.group()), text)


def rivalled(first: str, second: str) -> Declined:
    """The question which of two orders holds that are about the same."""
    return Declined(
        "ambiguous",
        f"“{first}” and “{second}” are about the same, so I do neither. Which one holds?",
        ("turn the drums down by 3 dB", "undo"),
    )


def _help(ear: TargetResolver) -> str:
    heard = joined([spoken(name) for name in ear.names(most=4)])
    return (
        f"I can pull sounds out or take them away ({heard}), change level, reverb, echo, pitch, "
        "tone, pan and tempo, clean up speech, and cut, loop or move stretches of time."
    )


def _so_far(history: History) -> str:
    parts = [part for turn in history.turns for move in turn for part in described(move)]
    if not parts:
        return "Nothing has been changed yet."
    return f"So far: {joined(parts)}."


def small_talk(text: str, history: History, ear: TargetResolver) -> Declined | None:
    """The answer to a message that is no order: small talk, another language, a file to save."""
    small = remark(text)
    if small is not None:
        return raised(small, history, ear)
    foreign = language(text)
    if foreign is not None:
        return not_english(foreign)
    if not text.strip():
        return nothing_said(ear)
    if not without_format(text).strip(" .,;!?") and text != without_format(text):
        return raised("exporting", history, ear)
    return None


def remark(text: str) -> str | None:
    """The topic of a message that is nothing but small remarks: thanks, hello, help.

    >>> remark("hi there!"), remark("hi, remove the drums")
    ('greeting', None)
    """
    words = [token.text for token in tokenize(text, lexicon().contractions)]
    soft = lexicon().words["transparent"]
    found: list[str] = []
    at = 0
    while at < len(words):
        if words[at] in _BETWEEN:
            at += 1
            continue
        run = tuple(words[at : at + 8])
        match = _talk().remarks.match(run)
        filler = lexicon().phrases.match(run)
        if match is not None and not (filler and filler[1] > match[1]):
            found.append(match[0].value)
            at += match[1]
        elif filler is not None and filler[0].kind == "filler":
            at += filler[1]
        elif words[at] in soft:
            at += 1
        else:
            return None
    return min(found, key=_WEIGHT.index) if found else None


def language(text: str) -> str | None:
    """The language of a message that is not English, None for English or what cannot be told.

    >>> language("quita la voz"), language("remove the vocals")
    ('Spanish', None)
    """
    letters = sum(letter.isalpha() for letter in text)
    if letters and len(_OTHER_SCRIPT.findall(text)) * 2 > letters:
        return "another language"
    words = [token.text for token in tokenize(text) if token.text[0].isalpha()]
    counts = {name: sum(word in known for word in words) for name, known in _talk().foreign.items()}
    name = max(counts, key=lambda language: counts[language])
    return name if counts[name] >= 2 and counts[name] * 5 >= len(words) * 2 else None


def not_english(language: str) -> Declined:
    """The answer to a message in another language."""
    tongue = f"this is {language}" if language[0].isupper() else "this is not English"
    return Declined("unsupported", f"I think {tongue}. For now I only read English.", _FALLBACK)


def nothing_said(ear: TargetResolver) -> Declined:
    """The answer to an empty message."""
    return Declined("help", "Tell me what to do with the recording. " + _help(ear), _FALLBACK)


def too_long(length: int, most: int) -> Declined:
    """The answer to a message that nobody typed."""
    text = (
        f"That is {length:,} characters, and I read up to {most:,}. "
        "Please say it in a sentence or two."
    )
    return Declined("ambiguous", text, _FALLBACK)


def puzzled(ear: TargetResolver) -> Declined:
    """The answer to a message of which nothing was understood."""
    name = next(iter(ear.names(most=1)), "vocals")
    text = "I did not understand that. Name a sound and say what should happen to it."
    return Declined("ambiguous", text, (f"isolate the {name}", *_FALLBACK[1:]))


def unheard(targets: Sequence[str], ear: TargetResolver, *, offered: bool = False) -> Declined:
    """The answer to a wish for sounds that cannot be heard, with the nearest that can be.

    Where it is `offered`, "yes" takes it.
    """
    names = joined([spoken(target) for target in targets])
    offers = list(dict.fromkeys(filter(None, map(ear.nearest, targets))))
    heard = ear.names()
    if offers:
        one = spoken(offers[0]) if offers[0] != "other" else 'everything else ("other")'
        text = f"I cannot hear {names} by name here; the nearest that I can hear is {one}."
        text += " Do you want that instead?" if offered else ""
    else:
        text = f"I cannot hear {names} here; what I can hear is {joined(heard)}."
    named = ["other" if name == "other" else f"the {name}" for name in [*offers, *heard][:3]]
    suggestions = tuple(f"isolate {name}" for name in named)
    return Declined("unsupported", text, tuple(dict.fromkeys(suggestions)), asks="targets")


def vague(targets: Sequence[str]) -> Declined:
    """The answer to "make the drums better"."""
    name = targets[0] if targets and targets[0] != "mix" else None
    on = f"the {name}" if name else "it"
    what = f"about {spoken(name)}" if name else ""
    text = f"Tell me what should be different {what}".rstrip() + ": the level, the tone, an effect?"
    suggestions = (f"make {on} louder", f"make {on} brighter", f"add some reverb to {on}")
    return Declined("ambiguous", text, suggestions, asks="aspect", template=f"make {on} {{}}")


def only_mentioned(targets: Sequence[str]) -> Declined:
    """The answer to a sound that was named without anything to do to it."""
    name = next((target for target in targets if target != "mix"), None)
    if name is None:
        return vague(targets)
    text = f"What should happen to {spoken(name)}?"
    suggestions = (f"remove the {name}", f"isolate the {name}", f"make the {name} louder")
    return Declined("ambiguous", text, suggestions)


def as_reply(declined: Sequence[Declined]) -> Reply:
    """One reply for everything that is answered rather than done."""
    order = ("unsupported", "ambiguous", "off_topic", "help")
    reason = min((answer.reason for answer in declined), key=order.index)
    text = " ".join(dict.fromkeys(answer.text for answer in declined))
    hints = dict.fromkeys(hint for answer in declined for hint in answer.suggestions)
    return Reply(reason=reason, text=text, suggestions=tuple(hints)[:4])
