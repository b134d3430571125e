"""Lists in pages: the header Link of RFC 8288 leads from each to the next.

A page goes on after its last item, wherever that is by then, so that what comes or goes meanwhile
repeats nothing and leaves nothing else out.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from sayso.errors import RangeError

LINKED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": 'leads to the next page: `<URL>; rel="next"`; absent on the last',
                "schema": {"type": "string"},
                "example": '</sessions?limit=20&after=MS41OmFi>; rel="next"',
            }
        }
    }
}


_PLACE = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?:[0-9a-f]{1,32}")


def link_next(request: Request, response: Response, **query: object) -> None:
    """Has the answer lead to the next page, the same request with `query` in its query."""
    wanted = {**request.query_params, **query}
    response.headers["Link"] = f'<{request.url.path}?{urlencode(wanted)}>; rel="next"'


def cursor(at_s: float, id: str) -> str:
    """What a client gives back to go on after an item.

    >>> place(cursor(1.5, "ab"))
    (1.5, 'ab')
    """
    return urlsafe_b64encode(f"{at_s!r}:{id}".encode()).decode().rstrip("=")


def place(given: str) -> tuple[float, str]:
    """What `cursor` was made from. Raises: RangeError."""
    with suppress(ValueError):  # of Base64, of text and of numbers
        text = urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode()
        if _PLACE.fullmatch(text):
            at_s, _, id = text.partition(":")
            return float(at_s), id
    raise RangeError(f"after: {given[:50]!r} is no place in a list; take the link to the next page")
