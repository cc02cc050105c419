"""Checks of options that models share."""


def check_dropout(dropout: float) -> None:
    """Raise ValueError for a share outside [0, 1)."""
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be in [0, 1), found {dropout:g}")
