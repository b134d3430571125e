"""Every default that a person can change, in one table: for options, the environment and a file.

What an option says wins, then the environment, then the configuration file. The file is YAML with
the names of the table: config.yaml in the platform's folder for Sayso's configuration, or the file
that SAYSO_CONFIG names. docs/cli.md shows this table.
"""

from __future__ import annotations

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from sayso.errors import EXIT_CODES, ConfigError

PREFIX = "SAYSO_"
_MOST_BYTES = 1 << 20
CONFIG = f"{PREFIX}CONFIG"
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True)
class Setting:
    """One default.

    Attributes:
        name: in the file; SAYSO_NAME, in capitals, in the environment.
        meaning: in a few words.
        option: the name of the arguments whose default it is; "" where there are none.
        usual: what holds where nobody says anything.
    """

    name: str
    meaning: str
    option: str = ""
    usual: str = ""

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


SETTINGS = (
    Setting("model", "what separates: a name from `sayso models`, or a path", "model", "auto"),
    Setting("format", "the kind of file that is written", "format", "wav"),
    Setting("encoding", "pcm16, pcm24, float32, or a bit rate such as 192k", "encoding"),
    Setting("sample_rate", "of what is written, in Hz", "sample_rate", "the source's"),
    Setting("mono", "write one channel", "mono", "no"),
    Setting("lufs", "the loudness of what is written", "lufs"),
    Setting("overwrite", "replace files that are there", "overwrite", "no"),
    Setting("filename", "the pattern of names in a folder", "filename", "{track}/{target}.{ext}"),
    Setting("threads", "processor threads", "threads", "all"),
    Setting("segment", "seconds heard at a time", "segment", "the model's"),
    Setting("overlap", "share heard twice, 0 to 0.5", "overlap", "the model's"),
    Setting("jobs", "files at a time", "jobs", "1"),
    Setting("queue", "the database of a batch, postgresql://...", "queue", "a file in the folder"),
    Setting("json", "print JSON instead of tables", "json", "no"),
    Setting("quiet", "say only what went wrong", "quiet", "no"),
    Setting("llm", "a language model that reads instructions", "llm", "none: read offline"),
    Setting("pull", "better models: ask, always or never fetch them", usual="ask"),
    Setting("models", "the folder of weights", usual="the platform's cache"),
    Setting("cache", "the folder of separated stems", usual="the platform's cache"),
    Setting("cache_limit", "what those stems may take, such as 2G", usual="8G"),
    Setting("host", "the address that `sayso serve` answers on", "host", "127.0.0.1"),
    Setting("port", "its port", "port", "8000"),
    Setting("workers", "its processes that render", "workers", "1"),
    Setting("data", "the folder of the service", usual="the platform's data"),
    Setting("database_url", "the database of the service, postgresql://..."),
    Setting("cors", "other sites whose pages may ask the service, separated by commas"),
    Setting("debug", "show where an unexpected error happened", usual="no"),
)


def take_file(environment: MutableMapping[str, str]) -> Path | None:
    """Puts what the configuration file says into `environment`, where it says nothing itself.

    Returns: the file; None where there is none.
    Raises: ConfigError for a file that cannot be read or is no YAML, and unknown names.
    """
    path = config_file(environment)
    if not path.is_file():
        if environment.get(CONFIG):
            raise ConfigError(f"{path}: there is no such file, though {CONFIG} names it")
        return None
    from sayso.atomic import kept
    from sayso.configuration import parse_yaml

    try:
        found = parse_yaml(kept(path, _MOST_BYTES).decode("utf-8")) or {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {str(error).splitlines()[0]}; expected YAML") from None
    known = {setting.name: setting for setting in SETTINGS}
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: expected names with values, such as `format: flac`")
    for name, value in found.items():
        if name not in known and not str(name).startswith("limit_"):
            from rapidfuzz.process import extractOne

            near = extractOne(str(name), list(known))
            hint = f"did you mean {near[0]!r}? " if near and near[1] > 60 else ""
            raise ConfigError(f"{path}: there is no {name!r}; {hint}docs/cli.md lists the names")
        if isinstance(value, list | dict):
            raise ConfigError(f"{path}: {name} is a {type(value).__name__}; expected one value")
        if value is not None:
            environment.setdefault(PREFIX + str(name).upper(), str(value))
    return path


def config_file(environment: MutableMapping[str, str]) -> Path:
    """Where the configuration file is, or would be."""
    if chosen := environment.get(CONFIG):
        return Path(chosen)
    from platformdirs import user_config_path

    return user_config_path("sayso") / "config.yaml"


def set_defaults(parser: ArgumentParser, environment: MutableMapping[str, str]) -> None:
    """Makes what `environment` says the defaults of all commands.

    Raises: ConfigError for a value that the option would refuse.
    """
    given = {s.option: s for s in SETTINGS if s.option and environment.get(s.variable)}
    if not given:
        return
    for command in commands_of(parser):
        for action in command._actions:
            setting = given.get(action.dest)
            if setting is None:
                continue
            text = environment[setting.variable]
            if action.nargs == 0:  # a flag, whose dest is true or false
                if action.const not in (None, True):
                    continue  # such as --flac, beside --format
                command.set_defaults(**{action.dest: is_yes(text, setting.variable)})
                continue
            try:
                convert = action.type if callable(action.type) else str
                command.set_defaults(**{action.dest: convert(text)})
            except Exception as error:
                raise ConfigError(f"{setting.variable} is {text!r}: {error}") from None


def is_yes(text: str, name: str) -> bool:
    """Whether a setting says yes. Raises: ConfigError for what is neither yes nor no."""
    if text.lower() in (*_YES, *_NO):
        return text.lower() in _YES
    raise ConfigError(f"{name} is {text!r}; expected yes or no")


def commands_of(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    """Every command that does something."""
    groups = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    if not groups or parser.get_default("command"):
        yield parser
    for group in groups:
        for inner in group.choices.values():
            yield from commands_of(inner)


def table() -> str:
    """The table of docs/cli.md, in Markdown."""
    rows = ["| in the file | in the environment | what | unless said |", "|---|---|---|---|"]
    rows += [f"| `{s.name}` | `{s.variable}` | {s.meaning} | {s.usual} |" for s in SETTINGS]
    return "\n".join(rows)


def codes() -> str:
    """The table of exit codes of docs/cli.md, in Markdown."""
    rows = ["| code | when |", "|---|---|", "| 0 | all went well |"]
    rows += ["| 1 | a mistake of ours, or nobody reads the output any more |"]
    rows += ["| 2 | options that do not fit; the command's usage is printed |"]
    for cls, code in EXIT_CODES.items():
        said = str(cls.__doc__).partition("\n")[0].rstrip(".")
        rows.append(f"| {code} | {said[0].lower()}{said[1:]} |")
    return "\n".join(rows)
