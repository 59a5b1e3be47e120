"""How the command line shows what it found out: lines for people, JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the database packages are slow to import, and not every command needs them
    from api.backup import RestoreReport
    from api.event_types import EventType
    from api.forget import Forgotten
    from api.undo_report import UndoReport
    from eventstore.backup.archive import Manifest
    from eventstore.sealing.seals import Sealed
    from eventstore.sealing.verification import Report as LogReport
    from replay.differences import Report
    from replay.parked import Parked
    from replay.progress import Plan, Progress
    from replay.verification import Preview

_MOST_TOLD = 20


def print_reports(reports: "Sequence[Report]", as_json: bool) -> None:
    """A line per read model, or JSON; the rows that differ are named beneath."""
    if as_json:
        print_json(
            [
                {
                    "read_model": report.read_model,
                    "events": report.events,
                    "seconds": round(report.seconds, 3),
                    "events_per_second": round(report.events / report.seconds) if report.seconds else None,
                    "rows": report.rows,
                    "rows_differ": report.differing,
                    "parked": report.parked,
                    "phases": {phase: round(seconds, 3) for phase, seconds in report.phases.items()},
                    "differences": [str(difference) for difference in report.differences],
                }
                for report in reports
            ]
        )
        return
    width = max((len(report.read_model) for report in reports), default=0)
    for report in reports:
        rate = report.events / report.seconds if report.seconds else 0
        print(
            f"{report.read_model:<{width}}  {report.events:>9,} events  {report.seconds:>8.3f} s"
            f"  {rate:>11,.0f} events/s  {report.rows:>9,} rows  {report.differing} rows differ"
        )
        for difference in report.differences:
            print(f"  {difference}")
        if report.parked:
            print(f"  {report.parked} keys are set apart: ./crm parked")


def print_plans(plans: "Sequence[Plan]", as_json: bool) -> None:
    """What a replay would read, and how long that may take."""
    if as_json:
        print_json([asdict(plan) | {"seconds": round(plan.seconds, 1)} for plan in plans])
        return
    width = max(len(plan.read_model) for plan in plans)
    for plan in plans:
        print(f"{plan.read_model:<{width}}  {plan.events:>11,} events  about {plan.seconds:,.1f} s")
    events, seconds = sum(plan.events for plan in plans), sum(plan.seconds for plan in plans)
    print(f"{'all':<{width}}  {events:>11,} events  about {seconds:,.1f} s, one after the other")


def print_progress(under_way: "Sequence[Progress]", as_json: bool, asked: str | None) -> None:
    """How far replays are; `asked` says what was just asked of them."""
    if as_json:
        print_json([asdict(each) | {"events_per_second": each.rate, "eta": each.eta} for each in under_way])
        return
    if not under_way:
        print("No replay is under way.")
    for each in under_way:
        share = each.events_done / each.events if each.events else 1
        rate = f", {each.rate:,.0f} events/s, {each.eta:,.0f} s left" if each.rate and each.eta is not None else ""
        state = asked or ("paused" if each.wanted == "pause" else each.phase)
        done = f", {share:.0%} of {each.events:,} events{rate}" if each.events else ""
        print(f"{each.read_model}: {state}{done}")


def print_parked(found: "Sequence[Parked]", as_json: bool) -> None:
    """The keys that are set apart, or that there are none."""
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        print("No key is set apart.")
    for each in found:
        at = "" if each.position is None else f" at position {each.position}"
        print(f"{each.read_model} {each.table} {each.key}: {each.error}{at}, since {each.parked_at.isoformat()}")


def print_preview(found: "Preview", as_json: bool) -> None:
    """What a changed definition would change."""
    if as_json:
        print_json(asdict(found))
        return
    print(f"{found.read_model}: {found.rows} rows; {found.added} new, {found.removed} gone, {found.changed} changed.")
    for name, rows in sorted(found.columns.items()):
        print(f"  {name}: differs in {rows} rows")
    for said, names in (("new columns", found.new_columns), ("columns that go", found.lost_columns)):
        if names:
            print(f"  {said}: {', '.join(names)}")
    for difference in found.differences[:_MOST_TOLD]:
        print(f"  {str(difference).replace('replayed', 'changed')}")


def print_log_report(report: "LogReport", as_json: bool) -> None:
    """What is wrong first, or how much is proven and how much is not."""
    rate = round(report.events / report.seconds)
    finding = report.finding
    if as_json:
        print_json(
            {
                "ok": finding is None,
                "events": report.events,
                "seconds": round(report.seconds, 3),
                "events_per_second": rate,
                "exported_seals": report.exported_seals,
                "sealed_to": report.sealed_to,
                "behind": report.behind,
                "signature_valid": report.is_signed,
                "finding": finding
                and {
                    "position": finding.position,
                    "seal": finding.seal,
                    "what": finding.what,
                    "detail": finding.detail,
                },
            }
        )
    elif finding:
        place = "The log" if finding.seal is None else f"Seal {finding.seal}"
        place = place if finding.position is None else f"Position {finding.position}"
        print(f"{place}: {finding.what}. {finding.detail}")
    else:
        read = f"{report.events:,} events in {report.seconds:.3f} s ({rate:,} events/s)"
        if not report.exported_seals:
            print(f"{read}: each agrees with itself. No seals were exported yet, so that no more is proven: ./crm seal")
            return
        signed = ", signed" if report.is_signed else ""
        seals = "1 seal" if report.exported_seals == 1 else f"{report.exported_seals} seals"
        print(
            f"{read}: all as recorded. Exported seals cover positions 1 to {report.sealed_to} ({seals}{signed}); "
            f"{report.behind} later events only agree with themselves."
        )


def print_sealed(sealed: "Sealed", file: object, public_key: str | None, as_json: bool) -> None:
    """How far the log is sealed now, and where the seals were exported to."""
    last = sealed.last
    if as_json:
        fields = last.fields() if last else {}
        print_json({"made": sealed.made, "exported": sealed.exported, **fields, "file": file, "public_key": public_key})
    elif last is None:
        print("There is nothing to seal yet.")
    else:
        print(f"Seal {last.number} covers the log to position {last.last_position}; root {last.root.hex()}.")
        added = "1 seal was" if sealed.exported == 1 else f"{sealed.exported} seals were"
        print(f"{added} added to {file}{f', signed by {public_key}' if public_key else ''}.")


def print_forgotten(done: "Forgotten", as_json: bool) -> None:
    """Who was forgotten, what was purged, and what somebody else has to do."""
    if as_json:
        print_json(asdict(done))
        return
    whom = "Contact person" if done.person_id else "Customer"
    merged = f" and {len(done.customer_ids) - 1} merged with her" if len(done.customer_ids) > 1 else ""
    before = "had been forgotten before; what was left is purged" if done.was_forgotten else "forgotten"
    print(f"{whom}{merged} {before}. The log says so at position {', '.join(map(str, done.positions))}.")
    print(f"{done.error_rows} rows were removed from error files of imports.")
    for step in done.steps:
        print(f"done: {step}")
    for left in done.left:
        print(f"LEFT TO DO: {left}")


def print_undone(report: "UndoReport", as_json: bool) -> None:
    """What was undone, and for each event that was not, what later one builds upon it."""
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    done = "would be undone" if report.dry_run else "undone"
    gone = f"{_counted(report.gone, 'record')} {'is' if report.gone == 1 else 'are'} gone by it"
    print(f"{_counted(report.events, 'event')} of {_counted(report.records, 'record')} {done}; {gone}.")
    if report.reverted:
        print(
            f"Merges, conversions and reattributions {'to be ' if report.dry_run else ''}reverted: {report.reverted:,}."
        )
    if report.already_undone:
        print(f"{_counted(report.already_undone, 'event')} had been undone before.")
    for kept in report.kept:
        types = ", ".join(f"{count:,} {type_}" for type_, count in kept.types.items())
        print(f"Left as they are: {types}. {kept.detail}")
    for conflict in report.conflicts[:_MOST_TOLD]:
        event, later = conflict.event, conflict.later
        what = "it" if conflict.field == "everything" else f"its {conflict.field}"
        who = f"{later.actor.get('kind')} {later.actor.get('id')}"
        print(
            f"CONFLICT: {event.stream_type} {event.stream_id}: {event.type} (version {event.version}) stays, because"
            f" {later.type} (version {later.version}, {later.occurred_at:%Y-%m-%d %H:%M}, by {who})"
            f" builds upon {what}."
        )
    if len(report.conflicts) > _MOST_TOLD:
        print(f"CONFLICT: and {len(report.conflicts) - _MOST_TOLD:,} more; --json shows all.")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def print_event_types(found: "Sequence[EventType]") -> None:
    """A line for each event type; of a single one also its fields."""
    width = max(len(event_type.name) for event_type in found)
    for event_type in found:
        print(f"{event_type.name:<{width}}  {event_type.meaning}")
    if len(found) == 1:
        for field in found[0].fields:
            marks = [*(["always there"] if field.is_needed else []), *(["personal"] if field.is_personal else [])]
            print(f"  {field.name}: {field.kind}{''.join(f', {mark}' for mark in marks)}")


def print_backup(manifest: "Manifest", file: object, as_json: bool) -> None:
    """What the backup holds."""
    if as_json:
        print_json({"file": file, **asdict(manifest)})
        return
    print(f"{manifest.events:,} events, up to position {manifest.last_position}, are in {file}.")
    print("Keep the installation's secret and the list of erasures apart from it: a restore needs both.")


def print_restored(report: "RestoreReport", as_json: bool) -> None:
    """What came back, what was verified, and what somebody else has to do."""
    manifest, verified = report.manifest, report.verified
    if as_json:
        print_json(
            {
                "events": manifest.events,
                "last_position": manifest.last_position,
                "made_at": manifest.made_at,
                "epoch": report.restored.epoch,
                "erased": report.restored.erased,
                "sealed_to": verified.sealed_to,
                "left": report.left,
            }
        )
        return
    print(f"{manifest.events:,} events, up to position {manifest.last_position}, as of {manifest.made_at}.")
    print(f"All are as recorded; exported seals prove positions up to {verified.sealed_to}.")
    print(f"{len(report.restored.erased)} customers or contact persons on the list of erasures were forgotten again.")
    print("The log has a new epoch: clients that follow it are told to start again.")
    for left in report.left:
        print(f"LEFT TO DO: {left}")


def print_json(value: object) -> None:
    """For programs: what JSON does not know, such as an id, as text."""
    print(json.dumps(value, default=str, indent=2))


def shown(value: object) -> str:
    """A figure for people: exact, with thousands apart; a dash where there is none."""
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    return "–" if value is None else str(value)
