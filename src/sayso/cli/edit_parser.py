"""The grammar of `sayso edit`, and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser, _SubParsersAction
from typing import TypeAlias

from sayso.cli.batch_parser import add_answer, add_encoding, add_overwrite

_Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"
_FORMATS = "an edit file such as cut.otio; its suffix says for which program"


def build_edit(commands: _Commands) -> None:
    """Adds `edit` and what it can do."""
    edit = commands.add_parser("edit", help="learn how you cut, and cut the next recording so")
    kinds = edit.add_subparsers(title="what to do", metavar="WHAT", required=True)
    _align(kinds)
    _learn(kinds)
    _apply(kinds)
    _render(kinds)
    _export(kinds)
    _evaluate(kinds)
    _curve(kinds)


def _align(kinds: _Commands) -> None:
    align = kinds.add_parser("align", help="find what was cut from a recording and its edit")
    align.set_defaults(command="edit:align")
    align.add_argument("raw", metavar="RAW", help="the whole recording")
    align.add_argument("edited", metavar="EDITED", help="what was made of it")
    align.add_argument("-o", "--out", metavar="EDIT", required=True, help=_FORMATS)
    add_overwrite(align)
    _tracks(align)
    add_answer(align)


def _learn(kinds: _Commands) -> None:
    learn = kinds.add_parser("learn", help="learn how you cut from recordings and your edits")
    learn.set_defaults(command="edit:learn")
    learn.add_argument(
        "files",
        metavar="RAW EDITED",
        nargs="+",
        help="pairs; EDITED is a recording or an edit that you corrected",
    )
    learn.add_argument("-o", "--out", metavar="FILE.editor", required=True, help="what was learnt")
    add_overwrite(learn)
    add_answer(learn)
    learn.add_argument("--from", dest="start", metavar="FILE.editor", help="go on from another")
    _steps(learn)


def _steps(parser: ArgumentParser) -> None:
    parser.add_argument("--steps", metavar="N", type=int, help="of each network's training")
    parser.add_argument("--threads", metavar="N", type=int, help="processor threads")


def _apply(kinds: _Commands) -> None:
    apply = kinds.add_parser("apply", help="edit a recording the way you would")
    apply.set_defaults(command="edit:apply")
    apply.add_argument("raw", metavar="RAW")
    apply.add_argument("-o", "--out", metavar="EDIT", required=True, help=_FORMATS)
    add_overwrite(apply)
    add_answer(apply)
    apply.add_argument("--editor", metavar="FILE.editor", help="from `sayso edit learn`")
    apply.add_argument(
        "--by",
        metavar="NAME",
        help="pointer, autoencoder, latent, discriminator, ensemble, level, novelty; without it, "
        "what did best when the editor learnt",
    )
    much = apply.add_mutually_exclusive_group()
    much.add_argument("--seconds", dest="wish_s", metavar="S", type=float, help="wished length")
    much.add_argument("--keep", metavar="X", type=float, help="share to keep, 0 to 1")
    much.add_argument("--threshold", metavar="X", type=float, help="score to keep, 0 to 1")
    apply.add_argument(
        "--shortest", dest="shortest_s", metavar="S", type=float, help="kept between two cuts"
    )
    apply.add_argument(
        "--crossfade", dest="crossfade_s", metavar="S", type=float, help="length of every join"
    )
    apply.add_argument(
        "--room-tone", dest="room_tone_s", metavar="S", type=float, help="fill joins with it"
    )
    apply.add_argument(
        "--scores", metavar="FILE.json", help="keep the scores, or choose anew from those there"
    )
    apply.add_argument(
        "--temperature",
        metavar="X",
        type=float,
        help="of `--seed`: 0.5, the default, stays near the likeliest edit, 1 is free",
    )
    apply.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="another edit that you might make; the same number is the same one",
    )
    _tracks(apply)


def _evaluate(kinds: _Commands) -> None:
    evaluate = kinds.add_parser("evaluate", help="hold edits against yours")
    evaluate.set_defaults(command="edit:evaluate")
    evaluate.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="two edits: one, and the true one; or pairs RAW EDITED, to leave each out in turn",
    )
    _recordings(evaluate)
    evaluate.add_argument(
        "--listen",
        metavar="FOLDER",
        help="of pairs: write your edit and the best method's as A and B for a blind test",
    )
    add_overwrite(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _steps(evaluate)


def _curve(kinds: _Commands) -> None:
    curve = kinds.add_parser("curve", help="show how much is kept at every threshold")
    curve.set_defaults(command="edit:curve")
    curve.add_argument("raw", metavar="RAW")
    curve.add_argument("--editor", metavar="FILE.editor", help="from `sayso edit learn`")
    curve.add_argument("--by", metavar="NAME", help="a scorer, as of `apply`")
    curve.add_argument("--scores", metavar="FILE.json", help="keep the scores, or use those there")
    curve.add_argument("-o", "--out", metavar="FILE.svg", help="a picture of it")
    add_overwrite(curve)
    curve.add_argument("--json", action="store_true", help="print all of it as JSON")


def _render(kinds: _Commands) -> None:
    render = kinds.add_parser("render", help="play an edit into a file")
    render.set_defaults(command="edit:render")
    render.add_argument("edit", metavar="EDIT")
    render.add_argument("-o", "--out", metavar="FILE", required=True, help="such as cut.wav")
    add_overwrite(render)
    add_answer(render)
    render.add_argument("--crossfade", metavar="S", type=float, help="length of every join")
    _recordings(render)
    add_encoding(render)


def _export(kinds: _Commands) -> None:
    export = kinds.add_parser("export", help="bring an edit into another program's format")
    export.set_defaults(command="edit:export")
    export.add_argument("edit", metavar="EDIT")
    export.add_argument("-o", "--out", metavar="EDIT", required=True, help=_FORMATS)
    add_overwrite(export)
    add_answer(export)
    _recordings(export)


def _tracks(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--track",
        metavar="FILE",
        dest="tracks",
        action="append",
        default=[],
        help="a recording that runs beside it and is cut with it; all are heard; repeatable",
    )


def _recordings(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--raw",
        metavar="FILE",
        dest="recordings",
        action="append",
        default=[],
        help="the recording, where the edit does not say or it has moved; repeatable, a track each",
    )
    parser.add_argument(
        "--rate",
        "--fps",
        metavar="HZ",
        help="frames a second of an .edl that does not say: 24, 25, 29.97, 50",
    )
    parser.add_argument(
        "--start",
        metavar="HH:MM:SS:FF",
        help="the recording's first time code, or seconds, where it does not say",
    )
