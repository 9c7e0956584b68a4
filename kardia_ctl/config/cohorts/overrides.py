"""Values that a cohort declares for single patients, in place of what its file says of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kardia_ctl.config.cohorts.formats.table import Batch
from kardia_ctl.config.cohorts.override import Override
from kardia_ctl.config.context import LoadContext, address_of


@dataclass(slots=True)
class Overrides:
    """The overrides of a cohort while its rows are entered."""

    declared: Mapping[str, Override]
    _unused: set[str] = field(init=False)

    def __post_init__(self) -> None:
        """No row was entered yet."""
        self._unused = set(self.declared)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.declared)

    def of(self, mrn: Any) -> Override | None:
        """The override of a row with this mrn, which is used from now on."""
        found = self.declared.get(mrn) if isinstance(mrn, str) else None
        if found is not None:
            self._unused.discard(mrn)
        return found

    def split(self, batch: Batch) -> tuple[Batch, list[tuple[int, dict[str, str]]]]:
        """A batch without the rows that have an override, and these rows, each with its line."""
        mrns = batch.columns.get("mrn", ())
        apart = [index for index, mrn in enumerate(mrns) if mrn in self.declared]
        if not apart:
            return batch, []
        rows = [
            (batch.lines[index], {name: cells[index] for name, cells in batch.columns.items()})
            for index in apart
        ]
        taken = set(apart)
        kept = [index for index in range(len(batch.lines)) if index not in taken]
        columns = {name: [cells[index] for index in kept] for name, cells in batch.columns.items()}
        return replace(batch, lines=[batch.lines[index] for index in kept], columns=columns), rows

    def report_unused(self, context: LoadContext) -> None:
        """Report each mrn that no row has, once all rows were entered."""
        for mrn, override in self._in_order():
            context.problem(
                override.key,
                "no row of the cohort has this mrn, so nothing is overridden",
                "Correct the mrn, or remove the override",
                address_of(mrn),
            )

    def _in_order(self) -> Iterator[tuple[str, Override]]:
        return ((mrn, override) for mrn, override in self.declared.items() if mrn in self._unused)
