"""What a server reads and holds at most, and that it counts every answer."""

import threading
from argparse import Namespace
from types import SimpleNamespace

import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Temperature

for needed in ("onnxruntime", "fastapi", "uvicorn", "python_multipart", "prometheus_client", "httpx"):
    pytest.importorskip(needed, reason="needs requirements-export.txt and requirements-serve.txt")

import starlette.datastructures  # noqa: E402
import uvicorn  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from tailwise.cli import serve  # noqa: E402
from tailwise.cli.main import main  # noqa: E402
from tailwise.serve.app import make_app  # noqa: E402
from tailwise.serve.figures import Figures  # noqa: E402
from tailwise.serve.limits import Limits  # noqa: E402
from tailwise.serve.service import Service  # noqa: E402
from tailwise.serve.uploads import Refused, Upload  # noqa: E402

FILE = [("files", ("a.png", b"x"))]


async def as_it_is(samples):
    return samples


def client(answer, limits: Limits) -> TestClient:
    """A server whose reader and model answer so."""
    app = make_app(SimpleNamespace(read=answer, answer=as_it_is), {}, limits, Figures())
    return TestClient(app, raise_server_exceptions=False)


def test_a_request_beyond_the_queue_is_refused_before_its_files_are_read(monkeypatch):
    reads, taken, done = [], threading.Event(), threading.Event()
    read = starlette.datastructures.UploadFile.read

    async def counted(self, size=-1):
        reads.append(self.filename)
        return await read(self, size)

    def answer(files):
        taken.set()
        assert done.wait(60)
        return []

    monkeypatch.setattr(starlette.datastructures.UploadFile, "read", counted)
    with client(answer, Limits(queue=1)) as app:
        first = threading.Thread(target=app.post, args=("/predict",), kwargs={"files": FILE})
        first.start()
        assert taken.wait(60)
        try:
            assert "tailwise_queue 1.0" in app.get("/metrics").text
            found = app.post("/predict", files=[("files", ("b.png", b"x"))])
        finally:
            done.set()
            first.join()
        assert found.status_code == 429 and found.json()["detail"].startswith("busy: 1 requests wait or are answered")
        assert reads == ["a.png"] and "tailwise_queue 0.0" in app.get("/metrics").text
        assert app.post("/predict", files=FILE).status_code == 200


def test_a_failure_is_counted_as_500_and_leaves_the_queue():
    def answer(files):
        raise RuntimeError("/secret/place")

    app = client(answer, Limits())
    assert [app.post("/predict", files=FILE).status_code for _ in range(2)] == [500, 500]
    text = app.get("/metrics").text
    assert 'tailwise_requests_total{status="500"} 2.0' in text and "tailwise_queue 0.0" in text


@pytest.mark.parametrize("name", ["a.zip", "a.ZIP", "a.json", "a.npz", "/b/c.Npz"])
def test_a_file_that_holds_others_is_415_and_not_opened(name):
    class Recipe:
        def find_inputs(self, args):
            raise AssertionError("opened")

    service = Service(Recipe(), None, None, {})
    with pytest.raises(Refused, match=r"file2\.\w+: send the files themselves") as error:
        service.read([Upload("a.png", b""), Upload(name, b"")])
    assert error.value.status == 415


def test_connections_are_limited_somewhat_above_the_queue(tmp_path, monkeypatch):
    given = {}
    (tmp_path / "card.json").write_text("{}")
    monkeypatch.setattr(serve, "open_service", lambda args, figures: None)
    monkeypatch.setattr(serve, "open_feedback", lambda args: None)
    monkeypatch.setattr(uvicorn, "run", lambda app, **more: given.update(more))
    assert main(["serve", "--model", str(tmp_path), "--queue", "5"]) == 0
    assert 5 < given["limit_concurrency"] < 100


def test_a_calibration_of_other_classes_is_refused_when_the_server_opens(tmp_path, monkeypatch):
    from tailwise.export.run import folder, predictor

    fitted = {"kind": Temperature("temperature", ("b", "a"), 2.0)}
    card = SimpleNamespace(recipe="logos", heads=(Head("kind", ("a", "b")),), calibration=fitted)
    monkeypatch.setattr(folder, "read_card", lambda path: card)
    monkeypatch.setattr(predictor, "load_exported", lambda *given: (None, None))
    with pytest.raises(UserError, match=r"card\.json: calibrates kind of the classes b, a; the model has a, b"):
        serve.open_service(Namespace(model=tmp_path, recipe=None, device="cpu", batch=1), Figures())


@pytest.mark.parametrize("readers", [1, 2])
def test_so_many_requests_are_read_at_a_time(readers):
    reading, most, lock, met = 0, 0, threading.Lock(), threading.Event()

    def answer(files):
        nonlocal reading, most
        with lock:
            reading += 1
            most = max(most, reading)
            if reading == 2:
                met.set()
        met.wait(60 if readers == 2 else 0.3)
        with lock:
            reading -= 1
        return []

    with client(answer, Limits(readers=readers)) as app:
        threads = [threading.Thread(target=app.post, args=("/predict",), kwargs={"files": FILE}) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == readers
