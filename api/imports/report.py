"""What became of the rows of an import."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from api.imports.lines import Line
from api.imports.rows import Entry

_FIRST = 10


@dataclass(slots=True)
class ImportReport:
    """What became of the rows, and where the refused ones are; of a dry run, what would."""

    import_id: UUID
    kind: str
    dry_run: bool = False
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    flagged: Counter[str] = field(default_factory=Counter)
    first_refused: list[tuple[int, str]] = field(default_factory=list)
    errors_file: Path | None = None

    @property
    def taken_in(self) -> int:
        """The rows that were taken in."""
        return self.created + self.changed + self.unchanged

    @property
    def rows(self) -> int:
        """All rows."""
        return self.taken_in + self.refused

    def count(self, entry: Entry) -> None:
        """Count a row that was taken in."""
        if not entry.facts:
            self.unchanged += 1
        elif entry.is_new:
            self.created += 1
        else:
            self.changed += 1
        self.flagged.update({flag for fact in entry.facts for flag in fact.flags})

    def count_as(self, counted: "ImportReport") -> None:
        """Rows that were taken in before the import was killed count as what they were then, not as unchanged."""
        self.created, self.changed, self.unchanged = counted.created, counted.changed, counted.unchanged
        self.flagged = Counter(counted.flagged)

    def refuse(self, line: Line, reason: str) -> None:
        """Count a row that is refused; of a dry run, which has no error file, the first ones are told."""
        self.refused += 1
        if self.dry_run and len(self.first_refused) < _FIRST:
            self.first_refused.append((line.number, reason))

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "import_id": None if self.dry_run else str(self.import_id),
            "dry_run": self.dry_run,
            "kind": self.kind,
            "rows": self.rows,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "flagged": dict(self.flagged),
            "first_refused": [{"line": line, "reason": reason} for line, reason in self.first_refused],
            "errors_file": str(self.errors_file) if self.errors_file else None,
        }

    def __str__(self) -> str:
        said = (
            f"{self.taken_in:,} {self.kind}: {self.created:,} new, {self.changed:,} changed,"
            f" {self.unchanged:,} unchanged; {self.refused:,} rows refused."
        )
        if self.dry_run:
            said = f"Nothing was recorded. It would be:\n{said}"
        if self.flagged:
            flags = ", ".join(f"{count:,} {flag.replace('_', ' ')}" for flag, count in sorted(self.flagged.items()))
            said += f"\nRecorded and flagged as odd: {flags}."
        for line, reason in self.first_refused:
            said += f"\nLine {line:,} is refused: {reason}"
        if self.errors_file:
            said += f"\nThe refused rows, each with its line and the reason: {self.errors_file}"
        return said
