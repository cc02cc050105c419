"""The one exception that stands for a person's mistake."""


class UserError(Exception):
    """Bad input: one line that names the file or key and says what to do.

    The launcher prints it without a traceback and exits with 1.
    """
