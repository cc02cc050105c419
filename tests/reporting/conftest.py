"""Reports of synthetic runs in the browser."""

import pytest

from support.reporting.made import RUNS, earlier_figures, html_of, write_run
from tailwise.core.stage.run_log import Run, add_run
from tailwise.reporting.committed import CommittedRun, write_committed


@pytest.fixture(scope="session")
def report(tmp_path_factory, browser):
    """Opens the report of a run of RUNS."""
    paths = {}

    def show(name="plain", part="", **window):
        if name not in paths:
            root = write_run(tmp_path_factory.mktemp(name), RUNS[name])
            add_run(root / ".logs", Run("train", 61.5, 812.4))
            write_committed(root, [CommittedRun("1a2b3c4", "2026-11-20", earlier_figures(RUNS[name]))])
            paths[name] = root / "reports/report.html"
            paths[name].write_text(html_of(root, RUNS[name]), encoding="utf8")
        browser.open(paths[name], part, **window)
        return browser

    return show
