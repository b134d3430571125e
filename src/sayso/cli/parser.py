"""The grammar of the command line, and nothing else: no import here costs anything."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter, _SubParsersAction
from typing import Any, TypeAlias

from sayso import __version__
from sayso.cli.batch_parser import (
    add_answer,
    add_batch_options,
    add_encoding,
    add_format,
    add_overwrite,
    add_shape,
    add_track,
    amount,
    build_clean,
    build_worker,
    count,
)
from sayso.cli.edit_parser import build_edit
from sayso.cli.settings import commands_of
from sayso.cli.split import build_split

_Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"

_EXAMPLES = """\
examples:
  sayso demo -o song.wav
  sayso ask song.wav "take the vocals out and put some reverb on the drums"
  sayso ask song.wav "even louder" --after "make the drums louder"
  sayso separate song.mp3 --two-stems vocals --flac
  sayso clean interviews --pattern "**/*.wav" -o cleaned -j 4
"""


def build_parser() -> ArgumentParser:
    """The parser of `sayso`; `command` in its result names the function that runs it."""
    parser: ArgumentParser = _Parser(
        prog="sayso",
        description="Does things to sound because you said so.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"sayso {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _ask(commands)
    _separate(commands)
    build_split(commands)
    build_clean(commands)
    build_worker(commands)
    _measure(commands)
    _info(commands)
    _models(commands)
    _demo(commands)
    _train(commands)
    build_edit(commands)
    _serve(commands)
    _token(commands)
    _mcp(commands)
    _cache(commands)
    _completion(commands)
    for command in commands_of(parser):
        _loudness_of_answers(command)
    return parser


class _Parser(ArgumentParser):
    """A parser whose every command shows its own usage when it is called wrongly."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As always, but what is unknown is an error here rather than at the root."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def _loudness_of_answers(command: ArgumentParser) -> None:
    taken = command._option_string_actions
    command.add_argument(
        "-q", "--quiet", action="store_true", help="say only what went wrong, and the result"
    )
    names = [name for name in ("-v", "--verbose") if name not in taken]
    if names:
        command.add_argument(*names, action="store_true", help="say more: settings, and the time")


def _cache(commands: _Commands) -> None:
    cache = commands.add_parser("cache", help="what separated stems take, and clearing them")
    cache.set_defaults(command="upkeep:show")
    kinds = cache.add_subparsers(title="what to do", metavar="WHAT")
    show = kinds.add_parser("show", help="folder, size and limit, the default")
    show.set_defaults(command="upkeep:show")
    clear = kinds.add_parser("clear", help="delete them")
    clear.set_defaults(command="upkeep:clear")
    clear.add_argument(
        "--to", metavar="SIZE", type=amount, default=0, help="keep the latest of that size, as 2G"
    )
    for kind in (cache, show, clear):
        kind.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _completion(commands: _Commands) -> None:
    completion = commands.add_parser("completion", help="completion of commands for your shell")
    completion.set_defaults(command="upkeep:completion")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def _ask(commands: _Commands) -> None:
    ask = commands.add_parser("ask", help="say what should happen to a file, or to many")
    ask.set_defaults(command="ask:ask")
    ask.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help='audio or video files, folders or URLs, and last the words: "remove the vocals"',
    )
    ask.add_argument(
        "--plan", "--dry-run", action="store_true", help="only say what would be done, and where to"
    )
    ask.add_argument("--json", action="store_true", help="print JSON instead of a table")
    ask.add_argument(
        "--after",
        metavar="WORDS",
        action="append",
        default=[],
        help="what was said earlier in this conversation; repeatable",
    )
    ask.add_argument("--chat", action="store_true", help="go on talking in the terminal")
    ask.add_argument("--no-limit", action="store_true", help="leave peaks above full scale alone")
    _output(ask, folder="sayso-out")
    _model(ask)
    add_batch_options(ask)


def _separate(commands: _Commands) -> None:
    separate = commands.add_parser("separate", help="split files into stems")
    separate.set_defaults(command="separate:separate")
    separate.add_argument("inputs", metavar="INPUT", nargs="+", help="files, folders or URLs")
    separate.add_argument(
        "--target", metavar="SOUND", action="append", default=[], help="repeatable; all by default"
    )
    separate.add_argument("--two-stems", metavar="SOUND", help="that sound, and all the rest")
    add_answer(separate)
    _output(separate, folder="separated")
    _model(separate)
    add_batch_options(separate)


def _output(parser: ArgumentParser, *, folder: str) -> None:
    parser.add_argument(
        "-o",
        "--out",
        metavar="DIR|FILE",
        default=folder,
        help=f"a folder, a file such as mix.mp3, or - for stdout (default: {folder})",
    )
    parser.add_argument(
        "--filename", metavar="PATTERN", help="in a folder; default: {track}/{target}.{ext}"
    )
    add_overwrite(parser)
    add_format(parser)
    add_encoding(parser)
    add_shape(parser)
    add_track(parser)


def _model(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-n", "--model", metavar="NAME", help="a name from `sayso models`, auto, a path"
    )
    parser.add_argument("--segment", metavar="S", type=float, help="seconds heard at a time")
    parser.add_argument("--overlap", metavar="X", type=float, help="share heard twice, 0 to 0.5")
    parser.add_argument("--threads", metavar="N", type=count, help="processor threads")
    parser.add_argument("--no-cache", action="store_true", help="do not keep or use earlier stems")


def _measure(commands: _Commands) -> None:
    measure = commands.add_parser("measure", help="judge cleaned files anew, without cleaning")
    measure.set_defaults(command="measure:measure")
    measure.add_argument("out", metavar="OUT", help="the folder that `sayso clean` wrote")
    measure.add_argument(
        "--reference", metavar="DIR", help="clean recordings, called as the sources are"
    )
    measure.add_argument(
        "--transcripts", metavar="PATH", help="a folder of .txt files, or a CSV of file,text"
    )
    for name, text in (
        ("dnsmos", "what listeners would say"),
        ("words", "word error rate"),
        ("music", "how much music is left"),
    ):
        measure.add_argument(
            f"--{name}", dest="measures", action="append_const", const=name, help=text
        )
    add_overwrite(measure)
    measure.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _info(commands: _Commands) -> None:
    info = commands.add_parser("info", help="what files hold: length, loudness, tempo, key, tags")
    info.set_defaults(command="info:info")
    info.add_argument("sounds", metavar="FILE", nargs="+")
    add_track(info)
    info.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _models(commands: _Commands) -> None:
    models = commands.add_parser("models", help="what can separate, what it hears, its weights")
    models.set_defaults(command="models:listing")
    models.add_argument("--json", action="store_true", help="print JSON instead of a table")
    kinds = models.add_subparsers(title="what to do", metavar="WHAT")
    listing = kinds.add_parser("list", help="every model, the default")
    listing.set_defaults(command="models:listing")
    listing.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for command, function, text in (
        ("info", "details", "licences, files and where they belong"),
        ("pull", "pull", "download its weights"),
        ("remove", "remove", "delete its weights"),
    ):
        kind = kinds.add_parser(command, help=text)
        kind.set_defaults(command=f"models:{function}")
        kind.add_argument("name", metavar="NAME")
        if command == "info":
            kind.add_argument("--json", action="store_true", help="print JSON instead of a table")
    take = kinds.add_parser("import", help="take in weights that you have")
    take.set_defaults(command="models:take")
    take.add_argument("files", metavar="PATH", nargs="+", help="called as it was published")


def _demo(commands: _Commands) -> None:
    demo = commands.add_parser("demo", help="write a 20 s song to try things on")
    demo.set_defaults(command="info:demo")
    demo.add_argument("-o", "--out", metavar="FILE", required=True)
    add_overwrite(demo)
    demo.add_argument("--stems", metavar="DIR", help="write its stems there, too")
    add_answer(demo)


def _train(commands: _Commands) -> None:
    train = commands.add_parser("train", help="train a separator of your own")
    kinds = train.add_subparsers(title="what to do", metavar="WHAT", required=True)
    separator = kinds.add_parser("separator", help="run or resume a training")
    separator.set_defaults(command="train:separator")
    experiment = kinds.add_parser(
        "experiment", help="train supervised, then semi-supervised, and evaluate both"
    )
    experiment.set_defaults(command="train:experiment")
    for command in (separator, experiment):
        command.add_argument("config", metavar="CONFIG.yaml")
        command.add_argument(
            "--set",
            metavar="a.b=c",
            dest="overrides",
            action="append",
            default=[],
            help="repeatable",
        )
        command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    experiment.add_argument("--json", action="store_true", help="print JSON instead of a table")
    export = kinds.add_parser("export", help="make an ONNX model of a run")
    export.set_defaults(command="train:export")
    export.add_argument("run", metavar="RUN")
    export.add_argument("-o", "--out", metavar="FILE.onnx", required=True)
    add_overwrite(export)
    export.add_argument("--float32", action="store_true", help="do not halve the file")
    export.add_argument(
        "--calibrate",
        metavar="STORE",
        help="round convolutions to 8 bits, scaled by mixtures of this store: twice as fast",
    )
    export.add_argument(
        "--within",
        metavar="CONCEPT",
        nargs="+",
        default=(),
        help="have it answer only for what lies within these, such as animal",
    )
    average = kinds.add_parser("average", help="the mean of runs that began at the same weights")
    average.set_defaults(command="train:average")
    average.add_argument("runs", metavar="RUN", nargs="+")
    average.add_argument("-o", "--out", metavar="FILE.safetensors", required=True)
    add_overwrite(average)
    average.add_argument(
        "--shares", metavar="X", nargs="+", type=float, default=(), help="how much each counts"
    )
    score = kinds.add_parser("score", help="BSSEval of a run on its test songs")
    score.set_defaults(command="train:score")
    score.add_argument("run", metavar="RUN")
    score.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _train_data(kinds)


def _train_data(kinds: _Commands) -> None:
    data = kinds.add_parser("data", help="make training material")
    steps = data.add_subparsers(title="steps", metavar="STEP", required=True)
    gather = steps.add_parser("gather", help="fetch sampled instruments and soundfonts as a pool")
    gather.set_defaults(command="train:data_gather")
    gather.add_argument("pool", metavar="POOL", help="where to; what is there already is kept")
    build = steps.add_parser("build", help="bring labelled recordings into a store")
    build.set_defaults(command="train:data_build")
    build.add_argument("pool", metavar="POOL", help="a folder with a manifest.csv")
    build.add_argument("store", metavar="STORE")
    render = steps.add_parser("render", help="add rendered MIDI and made-up singing to a store")
    render.set_defaults(command="train:data_render")
    render.add_argument("store", metavar="STORE")
    render.add_argument(
        "kinds", metavar="KIND", nargs="*", help="midi, lines, solos, synths, singing, treble"
    )
    render.add_argument(
        "--midi", metavar="DIR", default="midi", help="pieces in DIR/freedoom, drums in DIR/groove"
    )
    render.add_argument(
        "--soundfont",
        metavar="FILE.sf2",
        action="append",
        default=[],
        help="General MIDI sounds; repeatable",
    )
    sources = steps.add_parser("sources", help="list the origins, licences and authors in a store")
    sources.set_defaults(command="train:data_sources")
    sources.add_argument("store", metavar="STORE")
    pack = steps.add_parser("pack", help="write a store as a few compressed files, to carry it")
    pack.set_defaults(command="train:data_pack")
    pack.add_argument("store", metavar="STORE")
    pack.add_argument("out", metavar="DIR")
    pack.add_argument("parts", metavar="PART", nargs="*", help="songs, speech, ...; all if none")
    unpack = steps.add_parser("unpack", help="build or extend a store from packed files")
    unpack.set_defaults(command="train:data_unpack")
    unpack.add_argument("store", metavar="STORE")
    unpack.add_argument("shards", metavar="SHARD", nargs="+")


def _serve(commands: _Commands) -> None:
    serve = commands.add_parser("serve", help="the page and the HTTP API")
    serve.set_defaults(command="service:serve")
    serve.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone")
    serve.add_argument("--port", type=int, default=8000, help="default: 8000")
    serve.add_argument(
        "--workers",
        metavar="N",
        type=int,
        default=1,
        help="processes that render (default: 1); 0 leaves it to others on the same database",
    )
    serve.add_argument("-n", "--model", metavar="NAME", help="a name from `sayso models`, a path")
    serve.add_argument(
        "--llm", metavar="NAME", help="a language model to read messages (or SAYSO_LLM)"
    )
    serve.add_argument(
        "--tokens",
        action="store_const",
        const=True,
        help="ask this machine for tokens, too; other addresses always are",
    )
    serve.add_argument("-v", "--verbose", action="store_true", help="log every request")
    _service(serve)


def _token(commands: _Commands) -> None:
    token = commands.add_parser("token", help="who may use a service that others can reach")
    kinds = token.add_subparsers(title="what to do", metavar="WHAT", required=True)
    create = kinds.add_parser("create", help="make a token; its secret is shown once")
    create.set_defaults(command="service:create")
    create.add_argument("name", metavar="NAME", help="whose it is")
    revoke = kinds.add_parser("revoke", help="end a token")
    revoke.set_defaults(command="service:revoke")
    revoke.add_argument("token", metavar="TOKEN", help="its name, or the beginning of its id")
    listing = kinds.add_parser("list", help="all tokens, without their secrets")
    listing.set_defaults(command="service:listing")
    listing.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for kind in (create, revoke, listing):
        kind.set_defaults(model=None, llm=None, tokens=None)
        _service(kind)


def _mcp(commands: _Commands) -> None:
    mcp = commands.add_parser("mcp", help="the moves as tools for an agent, over stdio")
    mcp.set_defaults(command="service:mcp")
    said = "a folder that the agent may use; repeatable. Usual: the home folder and this one"
    mcp.add_argument("--allow", metavar="DIR", action="append", help=said)
    _model(mcp)


def _service(parser: ArgumentParser) -> None:
    parser.add_argument("--folder", metavar="DIR", help="where it keeps things (or SAYSO_DATA)")
    parser.add_argument(
        "--database-url", metavar="URL", help="postgresql://... (or SAYSO_DATABASE_URL)"
    )


def fields(arguments: Any, *names: str) -> dict[str, Any]:
    """The named arguments that were given, for handing on without a default of ours."""
    found = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
