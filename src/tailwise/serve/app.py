"""The HTTP interface of an exported model."""

import time
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import BackgroundTasks, FastAPI, File, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from tailwise.core.errors import to_line
from tailwise.serve.figures import Figures
from tailwise.serve.limits import LimitBody, Limits
from tailwise.serve.service import Service
from tailwise.serve.uploads import TOO_MUCH, UNUSABLE, Refused, Upload, unzipped
from tailwise.serve.watch import Watch

PAGE = Path(__file__).parent / "page.html"
BAD, ABSENT, BUSY = 400, 404, 429
Files = Annotated[list[UploadFile], File(description="one sample, such as the views of a foul; or several")]


def make_app(
    service: Service, card: dict[str, Any], limits: Limits, figures: Figures, watch: Watch | None = None
) -> FastAPI:
    """card: of the exported folder, as it is. FastAPI's interactive pages are off: they load from the web."""
    app = FastAPI(title="tailwise", docs_url=None, redoc_url=None)
    app.add_middleware(LimitBody, most=limits.bytes)
    add_predict(app, service, figures, limits, watch)
    add_pages(app, card, figures)
    add_drift(app, watch)
    handle_errors(app)
    count_requests(app, figures)
    return app


def add_predict(app: FastAPI, service: Service, figures: Figures, limits: Limits, watch: Watch | None) -> None:
    """``POST /predict``: requests are read in some threads, and what they hold is answered in batches."""
    reading = anyio.CapacityLimiter(limits.readers)

    def look(window: list[Any]) -> None:
        assert watch
        watch.look(window)
        figures.set_drift(watch.as_json()["last"])

    @app.post("/predict")
    async def predict(files: Files, later: BackgroundTasks) -> dict[str, Any]:
        begun = time.perf_counter()
        with waiting(figures, limits):  # before files are read into memory
            sent = [Upload(file.filename or "", await file.read()) for file in checked(files, limits)]
            uploads = await anyio.to_thread.run_sync(unzipped, sent, limits, limiter=reading)
            figures.count_files(uploads)
            samples = await anyio.to_thread.run_sync(service.answer, uploads, limiter=reading)
        figures.count(samples)
        figures.seconds.observe(time.perf_counter() - begun)
        if watch and (window := watch.add(samples)):
            later.add_task(look, window)
        return {"samples": samples}


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
        return line(UNUSABLE, "send one or more files as multipart/form-data, in fields named files")

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
