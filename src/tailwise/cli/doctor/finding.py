"""What a check found, and checks that never raise."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from tailwise.core.errors import to_line

Status = Literal["ok", "warning", "problem"]
STATUSES: tuple[Status, ...] = ("ok", "warning", "problem")
"""From good to bad."""


@dataclass(frozen=True)
class Finding:
    """One line of the result. check: name of the check; remedy: what to do, empty where nothing is to be done"""

    check: str
    status: Status
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return to_line(f"{self.status:<8} {self.check}: {self.text}{remedy}")


Check = Callable[[], Iterable[Finding]]


def findings(checks: dict[str, Check]) -> Iterator[Finding]:
    """Run all checks, {name: check}, each of which may give several findings.

    A check that raises is a problem of its own, and the others go on.
    """
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:
            text = f"this check failed: {type(error).__name__}: {error}"
            yield Finding(name, "problem", text, "mend what the message names, then run `tailwise doctor` again")


def worst(found: Iterable[Finding]) -> Status:
    """The worst status; ok where nothing was found."""
    return STATUSES[max((STATUSES.index(one.status) for one in found), default=0)]


def as_json(found: list[Finding]) -> dict[str, object]:
    """{"status": the worst, "checks": [{"check", "status", "text", "remedy"}]}"""
    return {"status": worst(found), "checks": [asdict(one) for one in found]}
