"""Which cells there are, which of them are done, and which come next.

A cell is done if its file exists and its key is the present one: a hash of the params that decide it, and a hash of the
data. The code is not part of the key, so that an unrelated edit does not throw away a day of training;
``run_cells.py --check`` computes some cells again and compares.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from study.effective import PHASES, cell_params, decisive, difference, parse
from study.settings import Method, Settings
from tailwise.core.errors import UserError
from tailwise.core.files import read_json

RESULTS = Path("results")
ORDER = {"default": 0, "baseline": 1, "ablation": 2}


@dataclass(frozen=True)
class Cell:
    """rate: factor of the learning rates; tau: strength of the adjusted logits, 0 for none
    grid: the value that is tried, of a cell that only serves to choose it; None for a cell of the tables"""

    dataset: str
    method: str
    seed: int
    rate: float = 1.0
    tau: float = 0.0
    grid: float | None = None

    @property
    def file(self) -> Path:
        """Below results/ and times/."""
        folder = Path(self.dataset) / self.method
        return folder / f"{self.seed}.json" if self.grid is None else folder / "grid" / f"{self.grid:g}.json"

    @property
    def test_file(self) -> Path:
        """Below results/: its figures on the test split."""
        return Path(self.dataset) / self.method / "test" / f"{self.seed}.json"

    def __str__(self) -> str:
        tried = "" if self.grid is None else f" (trying {self.grid:g})"
        return f"{self.dataset} {self.method} seed {self.seed}{tried}"


@dataclass(frozen=True)
class Study:
    """results: folder of the cells' files; data: {dataset: hash of its contents}, only of those that are here"""

    settings: Settings
    results: Path = RESULTS
    data: dict[str, str] = field(default_factory=dict)
    known: dict[tuple[str, str, float], dict[str, Any]] = field(default_factory=dict, compare=False)

    def params(self, cell: Cell) -> dict[str, Any]:
        """The params file of a cell, before its epochs are fitted; raises UserError where an option is unknown."""
        settings, method = self.settings, self.trained(cell.method)
        return cell_params(settings.base, settings.datasets[cell.dataset], method, cell.rate, cell.seed)

    def trained(self, method: str) -> Method:
        """The method whose training this one takes: itself, but for one that adjusts the answers of another."""
        row = self.settings.methods[method]
        return self.settings.methods[row.like] if row.like else row

    def decisive(self, cell: Cell) -> dict[str, Any]:
        """All that decides the training of a cell besides data and code."""
        name = cell.dataset, self.settings.methods[cell.method].like or cell.method, cell.rate
        if name not in self.known:
            params = self.params(replace(cell, seed=1))
            self.known[name] = decisive(parse(params, self.settings.datasets[cell.dataset].recipe))
        found = self.known[name]
        return {**found, "training": {**found["training"], "seed": cell.seed}}

    def default(self, cell: Cell) -> dict[str, Any]:
        """`decisive` of the default with the same seed."""
        return self.decisive(Cell(cell.dataset, "default", cell.seed))

    def key(self, cell: Cell) -> str:
        """Hash of the params of a cell, and of the default's length, which its epochs are fitted to."""
        default = self.default(cell)
        length = [[default[phase]["train"]["epochs"], default[phase]["samples"]] for phase in PHASES]
        return digest({"params": self.decisive(cell), "length": length, "tau": cell.tau})

    def difference(self, cell: Cell) -> dict[str, Any]:
        """{dotted path: value} of what differs from the default."""
        found = difference(self.decisive(cell), self.default(cell))
        return {**found, **({"tau": cell.tau} if cell.tau else {})}

    def result(self, cell: Cell) -> dict[str, Any] | None:
        """The content of a cell's file; None without one, and if it was made from other params or other data."""
        file = self.results / cell.file
        if not file.exists():
            return None
        found = read_json(file)
        current = found["made_from"]["params"] == self.key(cell)
        known = self.data.get(cell.dataset, found["made_from"]["data"])
        return found if current and found["made_from"]["data"] == known else None

    def applies(self, dataset: str, method: str) -> bool:
        """Whether a method has cells on a dataset. Raises UserError for a row that is wrong."""
        rows = self.settings.methods[method], self.trained(method)
        if any(row.datasets and dataset not in row.datasets for row in rows):
            return False
        try:
            self.decisive(Cell(dataset, method, 1))
        except UserError as error:
            raise UserError(f"{method} on {dataset}: {error}") from error
        return True

    def tried(self, dataset: str, method: str) -> list[Cell]:
        """The cells that choose a method's rate or tau, with the first seed; [] if there is nothing to choose yet."""
        row = self.settings.methods[method]
        if row.like:
            rate = self.choice(dataset, row.like)
            return [Cell(dataset, method, 1, rate, tau, tau) for tau in row.taus] if rate else []
        rates = () if row.kind == "ablation" else self.settings.cells.rates
        return [Cell(dataset, method, 1, rate, grid=rate) for rate in rates]

    def choice(self, dataset: str, method: str) -> float | None:
        """The rate, or the tau, with the best mean macro recall, the smaller of equals; None before all were tried.

        An ablation takes the default's rate.
        """
        if self.settings.methods[method].kind == "ablation":
            return self.choice(dataset, "default")
        cells = self.tried(dataset, method)
        found = {cell.grid: self.result(cell) for cell in cells}
        if not found or None in found.values():
            return None
        scores = {value: score(result) for value, result in found.items() if value is not None and result}
        return min(scores, key=lambda value: (-scores[value], value))

    def seeds(self, dataset: str, method: str) -> list[Cell]:
        """The cells of a method in the tables; [] before its rate is chosen."""
        row, cells = self.settings.methods[method], self.settings.cells
        count = cells.ablation_seeds if row.kind == "ablation" else cells.seeds
        chosen = self.choice(dataset, method)
        if chosen is None:
            return []
        rate, tau = (self.choice(dataset, row.like) or 1.0, chosen) if row.like else (chosen, 0.0)
        return [Cell(dataset, method, seed, rate, tau) for seed in range(1, count + 1)]

    def open(self, dataset: str, method: str) -> Iterator[Cell]:
        """The cells of a method that can be computed now and are not done."""
        if self.applies(dataset, method):
            for cell in [*self.tried(dataset, method), *self.seeds(dataset, method)]:
                if self.result(cell) is None:
                    yield cell

    def next(self, datasets: list[str], methods: list[str]) -> list[Cell]:
        """The open cells of the most important kind, by seed: default and rates, then baselines, then ablations."""
        found = [cell for dataset in datasets for method in methods for cell in self.open(dataset, method)]
        first = min(map(self.rank, found), default=0)
        return sorted((cell for cell in found if self.rank(cell) == first), key=lambda cell: cell.seed)

    def rank(self, cell: Cell) -> int:
        return 0 if cell.grid is not None else ORDER[self.settings.methods[cell.method].kind]


def score(result: dict[str, Any]) -> float:
    """Mean over the heads of macro recall."""
    recalls = [head["macro_recall"] for head in result["heads"].values()]
    return sum(recalls) / len(recalls)


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:16]


@cache
def data_hash(clips: Path, index: Path) -> str:
    """Hash of what a cell reads: the splits train and valid, and the classes of the heads. Raises UserError."""
    parts = [(index / "heads.json", "heads.json")]
    for split in ("train", "valid"):
        if not (clips / split / "manifest.csv").is_file():
            raise UserError(f"{clips / split}: has no manifest.csv; `make study` prepares it")
        parts += [(file, f"{split}/{file.name}") for file in sorted((clips / split).iterdir()) if file.is_file()]
    whole = hashlib.sha256()
    for file, name in parts:
        with open(file, "rb") as content:
            whole.update(f"{name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()[:16]
