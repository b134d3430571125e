"""Opening a language model by its name, with a bound on what its server may send.

A server that is broken, or not what it seems, may answer without end or unpack to gigabytes: an
answer is counted while it is read, and comes as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Request, Response

MOST_BYTES = 1 << 20
"""Of an answer; sixty-four moves take some thousands."""
_OLLAMA = "http://localhost:11434/v1"
_BOUNDED = ("openai", "openai-chat", "openai-responses", "anthropic", "ollama")


def open_model(name: str) -> Any:
    """The model of a name as `sayso.words.llm.LanguageModel` takes it.

    Raises: whatever the provider does for a bad name or a missing key.
    """
    from pydantic_ai.models import infer_model

    if "://" not in name:
        return infer_model(name, _provider)
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    parts = urlsplit(name)
    key, _, host = parts.netloc.rpartition("@")
    if not parts.fragment:
        raise ValueError("it names no model")
    # Servers without keys still get one: the client insists.
    provider = OpenAICompatibleProvider(
        "own",
        base_url=urlunsplit((parts.scheme, host, parts.path, "", "")),
        api_key=key.strip(":") or "none",
        http_client=_client(),
    )
    return OpenAIChatModel(parts.fragment, provider=provider)


def _provider(name: str) -> Any:
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.providers import infer_provider, infer_provider_class

    if name not in _BOUNDED:
        return infer_provider(name)
    make: Any = infer_provider_class(name)
    try:
        return make(http_client=_client())
    except UserError:
        if name != "ollama":
            raise
        return make(base_url=_OLLAMA, http_client=_client())  # no address was set


def _client() -> AsyncClient:
    from pydantic_ai.models import create_async_httpx2_client

    client = create_async_httpx2_client()
    hooks = client.event_hooks
    client.event_hooks = {
        "request": [*hooks["request"], _ask_for_plain],
        "response": [*hooks["response"], _bound],
    }
    return client


async def _ask_for_plain(request: Request) -> None:
    request.headers["Accept-Encoding"] = "identity"


async def _bound(response: Response) -> None:
    from httpx2 import AsyncByteStream, RemoteProtocolError

    assert isinstance(response.stream, AsyncByteStream)
    stream: AsyncByteStream = response.stream
    if response.headers.get("content-encoding", "identity") != "identity":
        raise RemoteProtocolError("the answer is packed, though it was asked for as it is")

    class Bounded(AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = MOST_BYTES
            async for block in stream:
                left -= len(block)
                if left < 0:
                    raise RemoteProtocolError(f"the answer has more than {MOST_BYTES:,} bytes")
                yield block

        async def aclose(self) -> None:
            await stream.aclose()

    response.stream = Bounded()
