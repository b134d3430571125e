"""A server that speaks as much of the OpenAI protocol as a client needs, and says what it is told.

A step of its script is a list of moves (answered as a call of the tool that was offered), a str
(answered as text), an int (an HTTP status), a float (seconds of silence), or bytes (sent as they
are). The last step is repeated.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class FakeOpenAI:
    def __init__(self, server: ThreadingHTTPServer) -> None:
        host, port = server.server_address[:2]
        self.name = f"http://s3cret@{host}:{port}/v1#tiny"
        self.script: list[Any] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.over = Event()
        self.headers: dict[str, str] = {}

    def asked(self) -> str:
        """All that the last request said."""
        return json.dumps(self.requests[-1]["messages"])

    def prompt(self) -> dict[str, Any]:
        """The state and message that the last request carried."""
        said = [m["content"] for m in self.requests[-1]["messages"] if m["role"] == "user"]
        return json.loads(said[0])

    def next(self) -> Any:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


def _completion(message: dict[str, Any], reason: str) -> bytes:
    return json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": "tiny",
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    ).encode()


@contextmanager
def fake_openai() -> Iterator[FakeOpenAI]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            fake.requests.append(request)
            fake.keys.append(self.headers["authorization"])
            step = fake.next()
            status, body = 200, b""
            if isinstance(step, float):
                fake.over.wait(step)
                step = "late"
            if isinstance(step, int):
                status, body = step, b'{"error": {"message": "no"}}'
            elif isinstance(step, bytes):
                body = step
            elif isinstance(step, str):
                body = _completion({"role": "assistant", "content": step}, "stop")
            else:
                tool = request["tools"][0]["function"]["name"]
                call = {"name": tool, "arguments": json.dumps({"moves": step})}
                calls = [{"id": "c", "type": "function", "function": call}]
                message = {"role": "assistant", "content": None, "tool_calls": calls}
                body = _completion(message, "tool_calls")
            self.send_response(status)
            self.send_header("content-type", "application/json")
            for name, value in fake.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked may have read enough
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake = FakeOpenAI(server)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
