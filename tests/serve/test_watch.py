"""A server with a reference: windows of its answers, compared, shown and counted."""

from types import SimpleNamespace

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Temperature
from tailwise.metrics.drift import profiles
from tailwise.metrics.predictions import Predictions, write_predictions

for needed in ("fastapi", "python_multipart", "prometheus_client", "httpx"):
    pytest.importorskip(needed, reason="needs requirements-serve.txt")

from starlette.testclient import TestClient  # noqa: E402

from tailwise.serve.app import make_app  # noqa: E402
from tailwise.serve.figures import Figures  # noqa: E402
from tailwise.serve.limits import Limits  # noqa: E402
from tailwise.serve.watch import Watch, read_reference  # noqa: E402

HEAD = Head("kind", ("plain", "rare"))


def answers(count: int, rare: float, seed: int = 0, tau: float | None = None) -> Predictions:
    """Of samples of which this share is answered with the second class."""
    rng = np.random.default_rng(seed)
    second = np.where(rng.random(count) < rare, rng.uniform(0.5, 1, count), rng.uniform(0, 0.5, count))
    likely = np.stack([1 - second, second], 1).round(6)
    names = [f"s{i}" for i in range(count)]
    return Predictions(HEAD, names, names, np.zeros(count, int), likely.argmax(1), likely, tau=tau)


def served(found: Predictions) -> list[dict]:
    rows = zip(found.predicted.tolist(), found.known_probabilities.max(1).tolist())
    return [{"heads": {"kind": {"class": HEAD.classes[label], "confidence": sure}}} for label, sure in rows]


async def as_it_is(samples):
    return samples


def client(batches: list[Predictions]) -> TestClient:
    """A server that answers with these, one a request."""
    waiting = iter(batches)
    service = SimpleNamespace(read=lambda files: served(next(waiting)), answer=as_it_is)
    watch = Watch([HEAD], {"kind": profiles(answers(200, 0.1))}, 50)
    return TestClient(make_app(service, {}, Limits(), Figures(), watch))


def send(app: TestClient) -> None:
    assert app.post("/predict", files=[("files", ("a.png", b"x"))]).status_code == 200


def test_a_window_is_compared_when_it_is_full_and_a_shift_alarms():
    app = client([answers(30, 0.1, 1), answers(30, 0.1, 2), answers(40, 0.6, 3)])
    send(app)
    assert app.get("/drift").json() == {"windows": 0, "alarms": 0, "size": 50, "collected": 30, "last": None}
    send(app)
    found = app.get("/drift").json()
    assert (found["windows"], found["alarms"], found["collected"]) == (1, 0, 10) and not found["last"]["alarm"]
    send(app)
    found = app.get("/drift").json()
    assert (found["windows"], found["alarms"], found["collected"]) == (2, 1, 0) and found["last"]["alarm"]
    drift = found["last"]["heads"]["kind"]["class"]
    assert drift["p"] == 0.001 and drift["psi"] > 0.5
    text = app.get("/metrics").text
    assert f'tailwise_drift{{head="kind",measure="psi",of="class"}} {drift["psi"]}' in text
    assert "tailwise_drift_alarm 1.0" in text and "tailwise_files_count 3.0" in text


def test_a_request_may_end_several_windows():
    app = client([answers(170, 0.1, 1)])
    send(app)
    found = app.get("/drift").json()
    assert (found["windows"], found["collected"]) == (3, 20)


def test_without_a_reference_nothing_is_compared():
    app = TestClient(make_app(SimpleNamespace(read=lambda files: [], answer=as_it_is), {}, Limits(), Figures()))
    found = app.get("/drift")
    assert found.status_code == 404 and "--reference" in found.json()["detail"]
    send(app)


def test_a_reference_is_what_evaluate_wrote_calibrated_as_served_answers_are(tmp_path):
    found = answers(40, 0.3)
    write_predictions(tmp_path / "kind.csv", found)
    plain = read_reference(tmp_path, [HEAD], {})["kind"]
    np.testing.assert_array_equal(plain, profiles(found))
    flat = read_reference(tmp_path, [HEAD], {"kind": Temperature("temperature", HEAD.classes, 1e6)})["kind"]
    np.testing.assert_array_equal(flat[:, :2], plain[:, :2])
    assert flat[:, 2 + 5].all()  # of two classes of which none is likelier, the answer has a half


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, r"kind\.csv: no such file; --reference takes the folder that evaluate wrote"),
        (answers(19, 0.3), r"kind\.csv: has 19 samples; a reference needs 20"),
        (answers(40, 0.3, tau=1.0), r"kind\.csv: has no probabilities of the model alone"),
    ],
)
def test_another_reference_is_refused_in_one_line(tmp_path, found, said):
    if found:
        write_predictions(tmp_path / "kind.csv", found)
    with pytest.raises(UserError, match=said):
        read_reference(tmp_path, [HEAD], {})
