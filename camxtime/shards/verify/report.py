"""What verification found: every problem with its place and its mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]
Progress = Callable[[str, int, int], None]
"""Called with (what is being checked, done, total)."""

MOST_OF_A_FILE = 100
"""Findings of one file that are kept; a copy with all shards cut short would have millions."""


@dataclass(frozen=True)
class Finding:
    """One problem. `file` is the path in the dataset; grid, camera, time and pass_name are None where none applies."""

    severity: Severity
    message: str
    mend: str
    file: str | None = None
    grid: str | None = None
    camera: int | None = None
    time: int | None = None
    pass_name: str | None = None

    def __str__(self) -> str:
        named = (("grid", self.grid), ("camera", self.camera), ("time", self.time), ("pass", self.pass_name))
        place = ", ".join(f"{name} {value}" for name, value in named if value is not None)
        file = None if self.file and self.file in self.message else self.file
        where = ": ".join(part for part in (file, place) if part)
        return f"{self.severity}: {where + ': ' if where else ''}{self.message} Mend: {self.mend}"


@dataclass
class Report:
    """The outcome of one verification. `counts` says what was looked at: grids, shards, images, warp pairs, bytes, …"""

    root: str
    level: str
    digest: str | None = None
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """True if nothing is wrong; warnings are allowed."""
        return not self.errors

    @property
    def errors(self) -> list[Finding]:
        """The findings that make the dataset wrong or incomplete."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that leave it usable and complete."""
        return [finding for finding in self.findings if finding.severity == "warning"]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "root": self.root,
            "level": self.level,
            "ok": self.ok,
            "digest": self.digest,
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "counts": dict(sorted(self.counts.items())),
            "findings": [asdict(finding) for finding in self.findings],
        }


@dataclass
class Part:
    """Findings and counts of one part of the work, made apart so that parts may run in parallel."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def error(self, message: str, mend: str, **place: Any) -> None:
        """Add an error; `place` as the fields of `Finding`."""
        self.findings.append(Finding("error", message, mend, **place))

    def warn(self, message: str, mend: str, **place: Any) -> None:
        """Add a warning."""
        self.findings.append(Finding("warning", message, mend, **place))

    def kept(self) -> list[Finding]:
        """The findings, of each file the first `MOST_OF_A_FILE` and a word on how many more there are."""
        of: Counter[str | None] = Counter()
        found = []
        for finding in self.findings:
            of[finding.file] += 1
            if finding.file is None or of[finding.file] <= MOST_OF_A_FILE:
                found.append(finding)
        for file, count in of.items():
            if file is not None and count > MOST_OF_A_FILE:
                last = next(finding for finding in reversed(self.findings) if finding.file == file)
                words = f"and {count - MOST_OF_A_FILE:,} more findings of this file."
                found.append(Finding(last.severity, words, last.mend, file=file, grid=last.grid))
        return found
