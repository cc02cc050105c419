"""`tailwise serve`: latency of one client, throughput of many, and what happens to good requests among hostile ones.

serve.py [--weights FILE] [--inputs FOLDER] [--clients 32] [--minutes 1]

Exports the weights, starts the server as a process of its own, and compares it with reading and predicting the same
files in this process. Clients try again where the server is busy (429), as it asks them to.
"""

import argparse
import asyncio
import http.client
import io
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from measure import Figure, Table, markdown
from tailwise.cli.main import main as tailwise
from tailwise.cli.serve import open_service
from tailwise.serve.figures import Figures
from tailwise.serve.uploads import Upload

PORT, BATCH, ROUNDS = 8731, 8, 3
MOST_RATIO, LEAST_SHARE, MOST_GROWTH = 1.2, 0.85, 1.1
WEIGHTS, INPUTS = "pipelines/logos/data/models/selected.safetensors", "pipelines/logos/data/demo/Test"
BOUNDARY = b"boundary-of-the-benchmark"


def body_of(files: list[Upload]) -> bytes:
    """Of multipart/form-data."""
    head = b'--%s\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
    return b"".join(head % (BOUNDARY, file.name.encode(), file.content) for file in files) + b"--%s--\r\n" % BOUNDARY


class Client:
    """One connection that stays open; opened again after the server closed it."""

    def __init__(self):
        self.open = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def post(self, body: bytes) -> int:
        """The status; 0 where the connection broke."""
        try:
            kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
            self.open.request("POST", "/predict", body, {"Content-Type": kind})
            with self.open.getresponse() as found:
                found.read()
                return found.status
        except (OSError, http.client.HTTPException):
            self.open.close()
            return 0

    def until_answered(self, body: bytes) -> int:
        """Tries again while the server is busy."""
        while (status := self.post(body)) in (429, 503):
            time.sleep(random.uniform(0.01, 0.1))
        return status


@contextmanager
def server(folder: Path) -> Iterator[subprocess.Popen]:
    arguments = ["--model", str(folder), "--device", "cpu", "--port", str(PORT), "--batch", str(BATCH)]
    arguments += ["--queue", "64", "--most-mib", "4"]
    started = subprocess.Popen([sys.executable, "-m", "tailwise", "serve", *arguments])
    try:
        while Client().post(b"") == 0:
            assert started.poll() is None, "the server ended"
            time.sleep(0.2)
        yield started
    finally:
        started.terminate()
        started.wait(60)


def of_one_client(service, files: list[Upload]) -> Table:
    """Each file in turn here and through the server."""
    client, here, there = Client(), [], []
    for file in files[:5]:
        answered(client, file)
        asyncio.run(service.answer(service.read([file])))
    for file in files:
        here.append(timed(lambda file=file: asyncio.run(service.answer(service.read([file])))))
        there.append(timed(lambda file=file: answered(client, file)))
    figures = [Figure("in one process", here, "s"), Figure("through the server", there, "s")]
    for percent in (50, 99):
        ratio = np.percentile(there, percent) / np.percentile(here, percent)
        figures.append(Figure(f"p{percent}, server / one process", [float(ratio)], most=MOST_RATIO))
    return Table(f"Latency of one client, {len(files)} files", figures)


def answered(client: Client, file: Upload) -> None:
    assert client.post(body_of([file])) == 200


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def of_throughput(service, files: list[Upload], clients: int) -> Table:
    """Files a second: of the model alone in batches, of reading alone, and of the server with many clients."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / file.name for file in files]
        for path, file in zip(paths, files):
            path.write_bytes(file.content)
        reading = [timed(lambda: service._read(paths, folder)) for _ in range(ROUNDS)]
        samples = service._read(paths, folder)
    predictor = service.batches.predictor
    batches = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
    model = [timed(lambda: [predictor.predict_together(batch) for batch in batches]) for _ in range(ROUNDS)]
    served = [timed(lambda: send_all(files, clients)) for _ in range(ROUNDS)]
    speeds = {"model alone, in batches": model, "reading alone": reading, f"server, {clients} clients": served}
    figures = [Figure(name, [len(files) / second for second in of]) for name, of in speeds.items()]
    figures.append(Figure("server / model alone", [a / b for a, b in zip(model, served)], least=LEAST_SHARE))
    both = [(a + b) / through for a, b, through in zip(model, reading, served)]
    return Table("Files a second", [*figures, Figure("server / reading, then the model, in one process", both)])


def send_all(files: list[Upload], clients: int) -> None:
    """Each file once, divided among clients at the same time."""
    parts = [files[place::clients] for place in range(clients)]

    def send(part: list[Upload]) -> None:
        client = Client()
        for file in part:
            assert client.until_answered(body_of([file])) == 200

    run_threads([lambda part=part: send(part) for part in parts if part])


def run_threads(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hostile(good: Upload) -> dict[str, tuple[bytes, int]]:
    """{what it is: (body, the status that it must get)}"""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(64 * 2**20))
    half = good.content[: len(good.content) // 2]
    ending = Path(good.name).suffix
    return {
        "cut short": (body_of([Upload(f"a{ending}", half)]), 422),
        "random bytes": (body_of([Upload(f"a{ending}", random.Random(1).randbytes(10_000))]), 422),
        "another ending": (body_of([Upload("a.exe", b"x")]), 415),
        "a list of places": (body_of([Upload("a.json", b'["file:///etc/passwd"]')]), 415),
        "a name that leads out": (body_of([Upload("../../../etc/passwd", b"x")]), 415),
        "too large": (body_of([Upload(f"a{ending}", bytes(5 * 2**20))]), 413),
        "a zip that unpacks to 64 MiB": (body_of([Upload("a.zip", bomb.getvalue())]), 413),
        "too many files": (body_of([good] * 9), 413),
        "no form": (b"x" * 1000, 422),
    }


def of_load(process: int, files: list[Upload], clients: int, minutes: float) -> Table:
    """Half of the requests good, half hostile, in random order."""
    bad, bodies = list(hostile(files[0]).values()), [body_of([file]) for file in files]
    counts, waits, memory, ends = Counter(), [], [], time.monotonic() + 60 * minutes

    def ask(seed: int) -> None:
        rng, client = random.Random(seed), Client()
        while time.monotonic() < ends:
            if rng.random() < 0.5:
                begun = time.perf_counter()
                counts["lost"] += client.until_answered(rng.choice(bodies)) != 200
                counts["good"] += 1
                waits.append(time.perf_counter() - begun)
            else:
                body, status = rng.choice(bad)
                found = client.until_answered(body)
                counts["hostile"] += 1
                counts["other status"] += found not in (status, 0)  # 413 may close before all is sent

    def watch() -> None:
        while time.monotonic() < ends:
            memory.append(resident_mb(process))
            time.sleep(min(1.0, minutes))

    run_threads([*(lambda seed=seed: ask(seed) for seed in range(clients)), watch])
    quarter = max(1, len(memory) // 4)
    growth = float(np.median(memory[-quarter:]) / np.median(memory[quarter : 2 * quarter]))
    figures = [
        Figure("good requests", [counts["good"]]),
        Figure("good requests that were lost", [counts["lost"]], most=0),
        Figure("hostile requests", [counts["hostile"]]),
        Figure("hostile requests with another status", [counts["other status"]], most=0),
        Figure("a good request, tries included", waits, "s"),
        Figure("memory of the server", memory, "MB"),
        Figure("memory, last quarter / second quarter", [growth], most=MOST_GROWTH),
    ]
    return Table(f"{minutes:g} minutes of good and hostile requests of {clients} clients", figures)


def resident_mb(process: int) -> float:
    line = next(of for of in Path(f"/proc/{process}/status").read_text().splitlines() if of.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path(WEIGHTS))
    parser.add_argument("--inputs", type=Path, default=Path(INPUTS), help="folder of good files, one a request")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=1.0)
    args = parser.parse_args()
    files = [Upload(f"{i}{path.suffix}", path.read_bytes()) for i, path in enumerate(sorted(args.inputs.rglob("*.*")))]
    if not files or not args.weights.is_file():
        sys.exit(f"serve: {args.inputs} or {args.weights} is absent: run the pipeline first, with dvc repro")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "exported"
        if status := tailwise(["export", "--weights", str(args.weights), "--to", "onnx", "--out", str(model)]):
            return status
        service = open_service(argparse.Namespace(model=model, recipe=None, device="cpu", batch=BATCH), Figures())
        with server(model) as process:
            found = [of_one_client(service, files), of_throughput(service, files, args.clients)]
            found.append(of_load(process.pid, files, args.clients, args.minutes))
    print("\n".join(map(markdown, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
