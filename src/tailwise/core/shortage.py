"""Where memory, processes or threads ran out, whoever met it and whatever words it has for it."""

import errno
import resource

MESSAGES = (
    "failed to map segment",
    "cannot allocate memory",
    "can't allocate memory",
    "unable to allocate",
    "memory allocation still failed",
    "not enough memory",
    "bad_alloc",
    "memoryerror",
    "can't start new thread",
    "pthread_create failed",
)
"""Words of those who find no memory and have no error of their own for it: the loader of libraries, OpenBLAS, torch."""


def shortage(error: BaseException) -> str | None:
    """What to say where memory or processes ran out; None of any other error."""
    if isinstance(error, MemoryError):
        return out_of_memory(str(error))
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return out_of_memory(str(error.filename or error.strerror))
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:  # of fork
        return f"out of memory or processes: {error.strerror}; see ulimit -a"
    if isinstance(error, (ImportError, OSError, RuntimeError)):
        return shortage_in(str(error))
    return None


def shortage_in(text: str) -> str | None:
    """The last of the lines that tell of it, None if none does."""
    lines = [line.strip() for line in text.splitlines() if any(words in line.lower() for words in MESSAGES)]
    return out_of_memory(lines[-1]) if lines else None


def out_of_memory(detail: str) -> str:
    """detail: the library's own words, "" for none. Names the limit that is set, if any."""
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    limit = "" if most == resource.RLIM_INFINITY else f" (ulimit -v is {most // 1024})"
    return f"out of memory{limit}{f': {detail}' if detail else ''}"
