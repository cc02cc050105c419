"""Names of the outputs of an ensemble's members, by which each has a loss of its own."""

from tailwise.core.batch import Outputs


def member_output(name: str, number: int) -> str:
    """Name of an output of one member in training. number: from 0"""
    return f"{name} of member {number}"


def of_members(name: str, outputs: Outputs) -> list[str]:
    """Names of the members' outputs of this name; where there is no ensemble, the name itself."""
    found: list[str] = []
    while (own := member_output(name, len(found))) in outputs:
        found.append(own)
    return found or [name]
