"""An array on disk that is written row by row."""

import os
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tailwise.core.files import part_of

SYNCED = 2**24
"""Bytes between two calls of fdatasync."""


class RowFile:
    """Writes a .npy file row by row; moves it into place at the end, unless it is empty.

    A thread writes and syncs one row while the next is made, so memory holds two rows and the final sync is
    short. Raises OSError with the name of the file.
    """

    def __init__(self, path: Path):
        self.path, self.part = path, part_of(path)
        self.rows, self.shape, self.unsynced = 0, (), 0
        self.dtype = np.dtype(np.uint8)

    def __enter__(self) -> "RowFile":
        self.file = open(self.part, "wb")
        self.writer, self.written = ThreadPoolExecutor(1), Future()
        self.written.set_result(None)
        return self

    def append(self, row: np.ndarray) -> None:
        """row: of one dtype and shape each time; re-raises an error of the previous write"""
        self.written.result()
        if not self.rows:
            self.shape, self.dtype = row.shape, row.dtype
            self._write_header()
        self.rows += 1
        self.unsynced += row.nbytes
        sync = self.unsynced >= SYNCED
        self.written = self.writer.submit(self._write, np.ascontiguousarray(row), sync)
        if sync:
            self.unsynced = 0

    @contextmanager
    def _named(self) -> Generator[None]:
        """Adds the file name to an OSError, which a full disk does not report."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _write(self, row: np.ndarray, sync: bool) -> None:
        with self._named():
            self.file.write(row.data)
            if sync:
                self.file.flush()
                os.fdatasync(self.file.fileno())

    def _write_header(self) -> None:
        """Write the header, which numpy pads, so its length does not depend on the number of rows."""
        what = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.rows, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, what)

    def __exit__(self, kind, *error) -> None:
        self.writer.shutdown()
        try:
            with self._named(), self.file:  # closing writes what is buffered
                if self.rows and kind is None:
                    self._finish()
        finally:
            self.part.unlink(missing_ok=True)

    def _finish(self) -> None:
        self.written.result()
        self.file.seek(0)
        self._write_header()
        self.file.flush()
        os.fsync(self.file.fileno())
        os.replace(self.part, self.path)
