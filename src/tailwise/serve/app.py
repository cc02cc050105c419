"""The HTTP interface of an exported model."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import BackgroundTasks, FastAPI, File, Form, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from tailwise.core.errors import to_line
from tailwise.serve.feedback import Feedback, read_labels
from tailwise.serve.figures import Figures
from tailwise.serve.limits import LimitBody, Limits
from tailwise.serve.service import Service
from tailwise.serve.uploads import TOO_MUCH, UNUSABLE, Refused, Upload, unzipped
from tailwise.serve.watch import Watch

PAGE = Path(__file__).parent / "page.html"
BAD, ABSENT, BUSY = 400, 404, 429
Files = Annotated[list[UploadFile], File(description="one sample, such as the views of a foul; or several")]
Text = Annotated[str, Form()]


def make_app(
    service: Service,
    card: dict[str, Any],
    limits: Limits,
    figures: Figures,
    watch: Watch | None = None,
    feedback: Feedback | None = None,
) -> FastAPI:
    """card: of the exported folder, as it is; watch: compares answers with a reference; feedback: keeps corrections

    FastAPI's interactive pages are off: they load from the web.
    """
    app = FastAPI(title="tailwise", docs_url=None, redoc_url=None)
    app.add_middleware(LimitBody, most=limits.bytes)
    reader = Reader(figures, limits)
    add_predict(app, service, reader, watch)
    add_feedback(app, service, reader, feedback)
    add_pages(app, card, figures)
    add_drift(app, watch)
    handle_errors(app)
    count_requests(app, figures)
    return app


class Reader:
    """Reads requests, some at a time in threads."""

    def __init__(self, figures: Figures, limits: Limits):
        self.figures, self.limits = figures, limits
        self.threads = anyio.CapacityLimiter(limits.readers)

    async def read(self, files: list[UploadFile]) -> list[Upload]:
        """The files, those of zips unpacked."""
        sent = [Upload(file.filename or "", await file.read()) for file in checked(files, self.limits)]
        found = await self.run(unzipped, sent, self.limits)
        self.figures.count_files(found)
        return found

    async def run(self, work: Callable[..., Any], *given: Any) -> Any:
        return await anyio.to_thread.run_sync(work, *given, limiter=self.threads)


def add_predict(app: FastAPI, service: Service, reader: Reader, watch: Watch | None) -> None:
    """``POST /predict``"""
    figures = reader.figures

    @app.post("/predict")
    async def predict(files: Files, later: BackgroundTasks) -> dict[str, Any]:
        begun = time.perf_counter()
        with waiting(figures, reader.limits):  # before files are read into memory
            samples = await service.answer(await reader.run(service.read, await reader.read(files)))
        figures.count(samples)
        figures.seconds.observe(time.perf_counter() - begun)
        if watch and (windows := watch.add(samples)):
            later.add_task(watch.compare_windows, windows, figures.set_drift)
        return {"samples": samples}


def add_feedback(app: FastAPI, service: Service, reader: Reader, feedback: Feedback | None) -> None:
    """``POST /feedback``: the files of one sample, and what they show."""

    @app.post("/feedback")
    async def correct(files: Files, labels: Text, group: Text = "") -> dict[str, str]:
        if feedback is None:
            raise Refused(ABSENT, "corrections are not kept: start the server with --feedback")
        classes = read_labels(labels, feedback.heads)
        with waiting(reader.figures, reader.limits):
            uploads = await reader.read(files)
            answer = one_answer(await service.answer(await reader.run(service.read, uploads)))
            name, new = await reader.run(feedback.save, uploads, classes, group)
        if new:
            reader.figures.count_correction(answer, classes)
        return {"sample": name}


def one_answer(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """{head: answer} of a correction's only sample; Refused for several, and for one with a label a position."""
    heads: dict[str, Any] = samples[0]["heads"]
    if len(samples) > 1:
        raise Refused(UNUSABLE, f"{len(samples)} samples: correct one at a time")
    if any(isinstance(found, list) for found in heads.values()):
        raise Refused(UNUSABLE, "this model labels positions: write the labels into the file, and train with it")
    return heads


def add_pages(app: FastAPI, card: dict[str, Any], figures: Figures) -> None:
    """What is read: the page, the card, and how the server is."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE, media_type="text/html")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/model")
    async def model() -> dict[str, Any]:
        return card

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(figures.text(), media_type="text/plain; version=0.0.4")


def add_drift(app: FastAPI, watch: Watch | None) -> None:
    @app.get("/drift")
    async def drift() -> dict[str, Any]:
        if watch is None:
            raise Refused(ABSENT, "answers are not compared: start the server with --reference")
        return watch.as_json()


class waiting:
    """Counts a request in the queue; Refused where the queue is full. All in the server's one thread."""

    def __init__(self, figures: Figures, limits: Limits):
        self.figures, self.most = figures, limits.queue

    def __enter__(self) -> None:
        if self.figures.waiting >= self.most:
            raise Refused(BUSY, f"busy: {self.most} requests wait or are answered, try again in a while")
        self.figures.waiting += 1

    def __exit__(self, *error: object) -> None:
        self.figures.waiting -= 1


def checked(files: list[UploadFile], limits: Limits) -> list[UploadFile]:
    if len(files) > limits.files:
        raise Refused(TOO_MUCH, f"{len(files)} files, but a request has at most {limits.files}")
    return files


def handle_errors(app: FastAPI) -> None:
    """Every refusal is {"detail": one line}."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return line(error.status, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        more = ", and labels as JSON in a field named labels" if request.url.path == "/feedback" else ""
        return line(UNUSABLE, f"send one or more files as multipart/form-data, in fields named files{more}")

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> JSONResponse:
        return line(UNUSABLE if error.status_code == BAD else error.status_code, str(error.detail))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return line(500, "the server failed with this request: its log says why")


def line(status: int, text: str) -> JSONResponse:
    return JSONResponse({"detail": to_line(text)}, status)


def count_requests(app: FastAPI, figures: Figures) -> None:
    """Count the status of every request of /predict."""

    def count(request: Request, status: int) -> None:
        if request.url.path == "/predict":
            figures.requests.labels(str(status)).inc()

    @app.middleware("http")
    async def counted(request: Request, call_next: Any) -> Any:
        try:
            response = await call_next(request)
        except Exception:  # answered with 500 outside of here
            count(request, 500)
            raise
        count(request, response.status_code)
        return response
