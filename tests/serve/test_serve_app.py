"""``tailwise serve``: answers, limits and refusals, each with one line."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.exporting import write_weights
from tailwise.cli.main import main

for needed in ("onnxscript", "onnxruntime", "fastapi", "uvicorn", "python_multipart", "prometheus_client", "httpx"):
    pytest.importorskip(needed, reason="needs requirements-export.txt and requirements-serve.txt")

from starlette.testclient import TestClient  # noqa: E402

from tailwise.cli.serve import open_service  # noqa: E402
from tailwise.core.files import read_json  # noqa: E402
from tailwise.export.run.predictor import ExportedPredictor  # noqa: E402
from tailwise.recipes.prediction import Sample  # noqa: E402
from tailwise.serve.app import make_app, waiting  # noqa: E402
from tailwise.serve.figures import Figures  # noqa: E402
from tailwise.serve.limits import Limits  # noqa: E402
from tailwise.serve.uploads import Refused  # noqa: E402

ROOT = Path(__file__).parents[2]


def picture(seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").rotate(40 * seed).convert("RGB").resize((40, 30)).save(file, "png")
    return file.getvalue()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of an exported model of images, and its weights."""
    folder = tmp_path_factory.mktemp("served")
    write_weights(folder / "w.safetensors", "logos-small")
    assert main(["export", "--weights", str(folder / "w.safetensors"), "--to", "onnx", "--out", f"{folder}/out"]) == 0
    return folder


def opened(model: Path):
    from argparse import Namespace

    return open_service(Namespace(model=model / "out", recipe=None, device="cpu", batch=4), Figures())


def client(model: Path, service=None, limits: Limits | None = None) -> TestClient:
    card = read_json(model / "out/card.json")
    limits = limits or Limits(bytes=100_000, files=2, queue=2)
    return TestClient(make_app(service or opened(model), card, limits, Figures()), raise_server_exceptions=False)


def sent(*named: tuple[str, bytes]):
    return [("files", (name, content)) for name, content in named]


def test_images_are_answered_as_by_the_command(model, capsys):
    (model / "a.png").write_bytes(picture())
    capsys.readouterr()
    assert main(["predict", str(model / "a.png"), "--model", str(model / "out"), "--format", "csv"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    found = client(model).post("/predict", files=sent(("a.png", picture()), ("../../b.PNG", picture(1))))
    assert found.status_code == 200
    one, other = found.json()["samples"]
    assert one["files"] == ["a.png"] and other["files"] == ["../../b.PNG"]
    answer = one["heads"]["kind"]
    assert row.split(",")[1] == answer["class"] and header.startswith("image,kind,kind: ")
    assert [float(cell) for cell in row.split(",")[2:]] == list(answer["probabilities"].values())
    assert answer["confidence"] == max(answer["probabilities"].values())


def test_images_in_a_zip_are_answered_and_together_as_alone(model):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as of_two:
        of_two.writestr("in/one.png", picture(1))
        of_two.writestr("two.png", picture(2))
    found = client(model).post("/predict", files=sent(("both.zip", archive.getvalue()))).json()["samples"]
    assert [one["files"] for one in found] == [["in/one.png"], ["two.png"]]
    predictor, rng = opened(model).batches.predictor, np.random.default_rng(1)
    each = predictor.card.inputs
    sizes = {one.name: [size if isinstance(size, int) else 2 for size in one.dims[1:]] for one in each}
    arrays = {one.name: rng.integers(0, 2, [3, *sizes[one.name]]).astype(one.dtype) for one in each}
    samples = [Sample(0, str(i), {name: of[i] for name, of in arrays.items()}) for i in range(3)]
    for one, alone in zip(predictor.predict_together(samples), map(predictor.predict, samples)):
        np.testing.assert_allclose(one.heads[0].probabilities, alone.heads[0].probabilities, atol=1e-6)


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        (sent(("a.zip", b"no zip")), 422, "file1.zip: cannot be unpacked"),
        (sent(("a.exe", b"x")), 415, "names of images end in"),
        (sent(("a", b"x")), 415, "names of images end in"),
        (sent(("a.png", b"no picture")), 422, "file1.png: cannot be used"),
        (sent(("a.png", b"")), 422, "file1.png: cannot be used"),
        (sent(("a.png", b"x" * 200_000)), 413, "at most 100,000 bytes"),
        (sent(*[("a.png", picture())] * 3), 413, "at most 2"),
        ([], 422, "multipart/form-data"),
        ([("other", ("a.png", b"x"))], 422, "in fields named files"),
        (b"no form", 422, "multipart"),
    ],
)
def test_what_is_not_answered_has_one_line_and_no_place_of_the_server(model, files, status, said):
    raw = {"content": files, "headers": {"content-type": "multipart/form-data; boundary=b"}}
    found = client(model).post("/predict", **(raw if isinstance(files, bytes) else {"files": files or None}))
    assert found.status_code == status
    line = found.json()["detail"]
    assert said in line and "\n" not in line and "/" not in line.replace("multipart/form-data", "")


def test_a_body_of_unknown_length_is_limited_while_it_is_read(model):
    def chunks():
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for _ in range(300):
            yield b"x" * 1000

    found = client(model).post(
        "/predict", content=chunks(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert found.status_code == 413 and "at most" in found.json()["detail"]


def test_a_full_queue_is_429_and_a_failure_is_no_traceback(model):
    class Broken:
        def read(self, files):
            raise RuntimeError("/secret/place")

    app = client(model, Broken())
    found = app.post("/predict", files=sent(("a.png", picture())))
    assert found.status_code == 500 and "secret" not in found.text
    full = client(model, Broken(), Limits(queue=1))
    with pytest.raises(Refused, match="busy"):
        figures = Figures()
        with waiting(figures, Limits(queue=1)), waiting(figures, Limits(queue=1)):
            pass
    assert full.get("/health").json() == {"status": "ready"}


def test_card_page_schema_and_figures(model):
    app = client(model)
    assert app.get("/model").json() == json.loads((model / "out/card.json").read_text())
    page = app.get("/").text
    assert "<input" in page and "http" not in page.lower().replace("<!doctype html>", "").replace("html", "")
    assert "/predict" in app.get("/openapi.json").json()["paths"]
    app.post("/predict", files=sent(("a.png", picture())))
    app.post("/predict", files=sent(("a.exe", b"x")))
    text = app.get("/metrics").text
    assert 'tailwise_requests_total{status="200"} 1.0' in text and 'tailwise_requests_total{status="415"} 1.0' in text
    assert (
        "tailwise_predicted_total{head=" in text and "tailwise_queue 0.0" in text and "tailwise_seconds_count 1" in text
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "absent"], "absent: is no folder"),
        (["--model", "out", "--queue", "0"], "must be at least 1"),
        (["--model", "out", "--readers", "0"], "--readers, --batch, --feedback-mib must be at least 1"),
        (["--model", "out", "--reference", "out"], "kind.csv: no such file"),
        (["--model", "out", "--reference", "out", "--window", "5"], "--window must be at least 20"),
        (["--model", "out", "--port", "70000"], "--port from 1 to 65535"),
    ],
)
def test_what_cannot_be_served_is_one_line(model, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(model)
    assert main(["serve", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_samples_of_requests_that_wait_are_one_batch_and_options_reach_the_server(model, tmp_path, monkeypatch):
    """Through the command, but for uvicorn: 12 requests at once, while the model is slow."""
    given = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **more: given.update(app=app))
    kept = tmp_path / "kept"
    assert main(["serve", "--model", str(model / "out"), "--feedback", str(kept), "--most-files", "20"]) == 0
    run = ExportedPredictor.predict_together
    monkeypatch.setattr(ExportedPredictor, "predict_together", lambda *of: (time.sleep(0.1), run(*of))[1])
    with TestClient(given["app"]) as app:
        assert len(app.post("/predict", files=sent(*[("a.png", picture(i)) for i in range(9)])).json()["samples"]) == 9
        found = re.search(r'tailwise_batch_bucket\{le="1.0"\} (\S+)', app.get("/metrics").text)
        assert found and float(found[1]) <= 1  # the first alone; 8 came meanwhile
        label = read_json(model / "out/card.json")["heads"][0]["classes"][0]
        corrected = app.post("/feedback", files=sent(("a.png", picture())), data={"labels": f'{{"kind": "{label}"}}'})
        assert (kept / corrected.json()["sample"] / "file1.png").is_file()


@pytest.mark.slow
def test_a_server_without_torch_answers_and_ends_on_sigterm(model):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    block = "import sys; sys.modules['torch'] = None; from tailwise.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", block, "serve", "--model", str(model / "out"), "--port", str(port)]
    server = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, stderr=subprocess.PIPE)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as found:
                    assert json.load(found) == {"status": "ready"}
                break
            except OSError:
                assert server.poll() is None, server.stderr.read()
                time.sleep(0.2)
    finally:
        server.send_signal(signal.SIGTERM)
    assert server.wait(40) in (0, -signal.SIGTERM)
