"""What a person can mend, in one line."""


class UserError(Exception):
    """Bad input: one line that names the file or key and says what to do.

    The launcher prints it without a traceback and exits with 1.
    """


def one_line(error: BaseException) -> str | None:
    """What to say of an error that a person can mend, such as a full disk; None of any other."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return None
