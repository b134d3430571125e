"""How a service is set up: where it keeps things, who may use it, and how much is too much."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from sayso.errors import ConfigError

_PREFIX, _LIMIT = "SAYSO_", "SAYSO_LIMIT_"
_NAMES = {"SAYSO_DATA": "folder", "SAYSO_CACHE": "cache", "SAYSO_MODELS": "models"} | {
    f"{_PREFIX}{name.upper()}": name for name in ("database_url", "model", "llm", "cors")
}


_Bytes = Annotated[int, Field(ge=1, le=1 << 60)]


class Limits(BaseModel):
    """How much may be asked for; beyond it the answer is a 4xx that names the limit.

    Attributes:
        upload_bytes: of one file.
        seconds: of sound in one file, once decoded.
        decoded_bytes: that it takes then; at high rates and of many channels it is shorter.
        decoding_s: processor time that decoding one file may take.
        decoding_bytes: memory that it may take.
        rendered_s: of one track of a render, however often something is looped.
        bytes_a_token: of the disk, for the recordings and renders of one token.
        bytes_of_all: of the disk, for those of all.
        sessions: kept at a time, for each token.
        streams: of events followed at a time, by each token in one process.
        uploads: in pieces, unfinished at a time, for each token.
        queue: renders waiting or running at a time, of all people.
        requests_a_minute: for each token, or for each address where there are no tokens.
        guesses_a_minute: wrong tokens from one address.
        session_days: after which an untouched session is swept away.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    upload_bytes: _Bytes = 2 << 30
    seconds: Annotated[float, Field(gt=0)] = 2 * 3600.0
    decoded_bytes: _Bytes = 8 << 30
    decoding_s: Annotated[int, Field(ge=1, le=1 << 31)] = 300
    decoding_bytes: Annotated[_Bytes, Field(ge=128 << 20)] = 1 << 30
    rendered_s: Annotated[float, Field(gt=0)] = 4 * 3600.0
    bytes_a_token: _Bytes = 64 << 30
    bytes_of_all: _Bytes = 512 << 30
    sessions: Annotated[int, Field(ge=1)] = 1000
    streams: Annotated[int, Field(ge=1)] = 100
    uploads: Annotated[int, Field(ge=1)] = 20
    queue: Annotated[int, Field(ge=1)] = 100
    requests_a_minute: Annotated[int, Field(ge=1)] = 1200
    guesses_a_minute: Annotated[int, Field(ge=1)] = 60
    session_days: Annotated[float, Field(gt=0)] = 30.0


def _listed(value: Any) -> Any:
    """A list that the environment holds as text."""
    if isinstance(value, str):
        return tuple(entry.strip() for entry in value.split(",") if entry.strip())
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("expected an origin, scheme and host alone: https://studio.example")
    return value.lower()


Origin = Annotated[str, AfterValidator(_origin)]


class Settings(BaseModel):
    """One service.

    Attributes:
        folder: where recordings and renders lie; shared by all processes of one service.
        database_url: "postgresql://..."; None keeps an SQLite file in the folder.
        model: the separator, as `sayso models` names it; None takes the best.
        llm: the language model that reads messages, "openai:gpt-..."; None reads them offline.
        cache: where separated stems are kept; None keeps them in the folder.
        models: where public weights lie; None takes the platform's folder.
        tokens: whether every request must carry a token.
        cors: origins of other sites, such as https://studio.example, whose pages may send requests;
            in the environment separated by commas.
        limits: see `Limits`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    database_url: str | None = None
    model: str | None = None
    llm: str | None = None
    cache: Path | None = None
    models: Path | None = None
    tokens: bool = False
    cors: Annotated[tuple[Origin, ...], BeforeValidator(_listed)] = ()
    limits: Limits = Limits()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **given: Any) -> Settings:
        """The settings of SAYSO_DATA, SAYSO_DATABASE_URL, SAYSO_LLM and so on.

        Args:
            environment: such as `os.environ`; SAYSO_LIMIT_SECONDS sets `limits.seconds`.
            given: what was asked for otherwise, and wins.

        Raises: ConfigError naming the variable.
        """
        found: dict[str, Any] = {
            field: environment[name] for name, field in _NAMES.items() if environment.get(name)
        }
        if "folder" not in found and given.get("folder") is None:
            from platformdirs import user_data_path

            found["folder"] = user_data_path("sayso")
        limits = {
            name.removeprefix(_LIMIT).lower(): value
            for name, value in environment.items()
            if name.startswith(_LIMIT)
        }
        wanted = {key: value for key, value in given.items() if value is not None}
        try:
            return cls(**{**found, "limits": Limits.model_validate(limits), **wanted})
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(
                f"{'.'.join(map(str, first['loc']))}: {first.get('input')!r} does not fit: "
                f"{first['msg']}"
            ) from None

    def make_folder(self) -> None:
        """Makes the folder where it is not there. Raises: ConfigError where it cannot be made."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{self.folder} cannot be the folder of the service ({error.strerror or error}); "
                "choose another with --folder or SAYSO_DATA"
            ) from None

    @property
    def database(self) -> str:
        """The URL of the database that keeps sessions, in SQLAlchemy's spelling."""
        if self.database_url is None:
            return f"sqlite:///{(self.folder / 'sayso.sqlite').absolute()}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in _POSTGRES else self.database_url

    @property
    def queue(self) -> str:
        """Where jobs wait: the same PostgreSQL, or an SQLite file of their own beside."""
        if self.database_url is None or self.database_url.startswith("sqlite"):
            return str((self.folder / "jobs.sqlite").absolute())
        return f"postgresql://{self.database_url.partition('://')[2]}"

    @property
    def stems(self) -> Path:
        """Where separated stems are kept."""
        return self.cache or self.folder / "stems"


_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")
