"""The report: one HTML file that opens without a network."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tailwise.reporting.collect import Facts
from tailwise.reporting.figures import curves


def page(facts: Facts) -> str:
    """HTML of the report; every name from the data is escaped."""
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["figure"] = figure
    template = environment.get_template("report.html")
    return template.render(facts=facts, curves=curves(facts.epochs, [head.name for head in facts.heads]))


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"
