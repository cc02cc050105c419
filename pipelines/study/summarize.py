"""Tables and plots of the cells that are there: summarize.py; writes reports/study.md, rare.md and figures."""

from pathlib import Path

from study.figures import draw_all
from study.plan import RESULTS, Study
from study.settings import read_settings
from study.summary import data_of, summarize
from study.tables import rare_report, report
from tailwise.core.files import write_text


def main() -> None:
    settings, reports = read_settings(), Path("reports")
    data = {name: found for name in settings.datasets if (found := data_of(RESULTS / name))}
    study = Study(settings, data=data)
    summaries = [summarize(study, dataset, Path("times")) for dataset in study.settings.datasets]
    write_text(reports / "study.md", report(summaries))
    write_text(reports / "rare.md", rare_report(summaries))
    (reports / "figures").mkdir(exist_ok=True)
    paths = draw_all(summaries, reports / "figures")
    for line in [line for summary in summaries for line in summary.missing]:
        print(f"missing: {line}")
    print(f"reports/study.md, reports/rare.md, {len(paths)} plots")


if __name__ == "__main__":
    main()
