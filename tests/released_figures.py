"""The texts of figures that were released: what a version says, it says for ever.

`python -m tests.released_figures` adds the definitions that are not in the list yet. It changes none: a figure whose
text is another than before needs a new version, and its earlier text a file of its own, `kpis/earlier/SLUG@N.sql`.
A figure or relation that was written anew and answers the same is told so: `python -m tests.released_figures NAME`.
"""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from projections.kpi import Kpi, versions

LIST = Path(__file__).with_suffix(".txt")


def told(kpi: Kpi) -> str:
    """A definition's line: its digest, its relation, and that one's digest."""
    relation = hashlib.sha256(kpi.relation.text.strip().encode()).hexdigest()
    return f"{kpi.definition} {kpi.digest} {kpi.relation.name} {relation}"


def differences(released: Mapping[str, str], there: Mapping[str, Kpi]) -> list[str]:
    """What does not agree, each with what to do."""
    found = [f"{name} was released and has gone: keep its text in kpis/earlier" for name in released.keys() - there]
    for name, kpi in there.items():
        if name not in released:
            found.append(f"{name} is not in the list: python -m tests.released_figures")
        elif released[name].split()[:2] != told(kpi).split()[:2]:
            new = f"{kpi.slug}@{kpi.version + 1}"
            found.append(
                f"{name} has another text: make it {new}, and keep the earlier one in kpis/earlier/{name}.sql, or, "
                f"where it answers the same, python -m tests.released_figures {kpi.slug}"
            )
        elif released[name] != told(kpi):
            found.append(
                f"{kpi.relation.name}, which {name} reads, has another text: keep the earlier one under a name of its "
                f"own, or, where it answers the same, python -m tests.released_figures {kpi.relation.name}"
            )
    return sorted(found)


def listed() -> dict[str, str]:
    """The lines of the list by definition."""
    return {line.split()[0]: line for line in LIST.read_text().splitlines()} if LIST.exists() else {}


if __name__ == "__main__":
    lines = listed()
    for definition, each in versions().items():
        said = told(each).split()
        known = lines.get(definition, told(each)).split()
        of_figure = said[:2] if each.slug in sys.argv[1:] else known[:2]
        of_relation = said[2:] if {each.slug, each.relation.name} & {*sys.argv[1:]} else known[2:]
        lines[definition] = " ".join((*of_figure, *of_relation))
    LIST.write_text("".join(f"{lines[name]}\n" for name in sorted(lines)))
