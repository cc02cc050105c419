"""Keep the parameters of this run, as `check` read them, beside its reports: a check that fails takes none away."""

from pathlib import Path

from tailwise.core.files import write_bytes


def main() -> None:
    write_bytes(Path("reports/config.yaml"), Path("data/effective.yaml").read_bytes())


if __name__ == "__main__":
    main()
