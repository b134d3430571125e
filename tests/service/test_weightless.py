"""The process that answers on the web holds no weights: those are its workers' business."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """if True:
    import sys
    from pathlib import Path
    from fastapi.testclient import TestClient
    from sayso.service import Settings, create_app

    with TestClient(create_app(Settings(folder=Path(sys.argv[1]))), "http://127.0.0.1") as client:
        session = client.post("/sessions/demo").json()
        client.get("/about"), client.get("/models")
        url = f"/sessions/{session['id']}/messages"
        for text in ("take the vocals out", "make the dog louder", "what is a zzxqv"):
            said = client.post(url, json={"text": text, "render": False})
            assert said.status_code == 200, said.text
    maps = Path("/proc/self/maps")
    held = maps.read_text() if maps.exists() else ""
    print([m for m in ("onnxruntime", "torch") if m in sys.modules], "sayso.onnx" in held)
"""


def test_words_are_answered_without_any_weights(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[] False"], done.stderr[-2000:]
