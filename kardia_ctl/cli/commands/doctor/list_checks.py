"""The list of patients as the server gives it: its form, its cursor, and whether its count is right.

What the documents leave open is shown as it was found. No value of a patient is.
"""

from collections.abc import Iterator
from typing import Any, Final

from kardia_ctl.cli.commands.doctor.account_checks import usable
from kardia_ctl.cli.commands.doctor.looks import PAGE, Look, Looks, cursor_of
from kardia_ctl.cli.commands.doctor.premises import NotToBeHad
from kardia_ctl.render.findings import CheckResult, fine, note, wrong

_NAMES: Final = ("patients", "data")
_REPORT: Final = "Write what a bug report needs with kardia-ctl doctor --report FILE"


def _patients(look: Look) -> tuple[str, list[dict[str, Any]]]:
    """The name of the array, and its rows.

    Raises:
        NotToBeHad: there is no such array.
    """
    body = look.body
    for name in _NAMES:
        if isinstance(body, dict) and isinstance(body.get(name), list):
            return name, [row for row in body[name] if isinstance(row, dict)]
    raise NotToBeHad("the list has another form")


def _total(look: Look) -> int | None:
    total = look.body.get("totalCount")
    return int(total) if isinstance(total, int | float | str) and str(total).isdigit() else None


def check_list(looks: Looks) -> Iterator[CheckResult]:
    """Which form the list has."""
    head = usable(looks, "head")
    body = head.body
    if isinstance(body, dict) and not any(isinstance(body.get(name), list) for name in _NAMES):
        yield wrong("list", f"it has no array patients, but {_members(body)}", _REPORT)
        return
    name, rows = _patients(head)
    total, info = body.get("totalCount"), body.get("pageInfo")
    capped = f" of {PAGE} that a page may have" if cursor_of(head) and len(rows) < PAGE else ""
    form = f"{name}[{len(rows)}]{capped}, totalCount {_kind(total)}, pageInfo {_members(info)}"
    yield (
        fine("list", form)
        if _total(head) is not None and isinstance(info, dict)
        else wrong("list", form, _REPORT)
    )


def _kind(value: object) -> str:
    return "missing" if value is None else f"{value}" if isinstance(value, int) else type(value).__name__


def _members(value: object) -> str:
    """The names of an object's members: those of the documents, and how many others."""
    if not isinstance(value, dict):
        return "missing" if value is None else f"a {type(value).__name__}"
    known = [
        name for name in ("totalCount", "startCursor", "endCursor", "hasNextPage", "errors") if name in value
    ]
    others = len(value) - len(known)
    return "{" + ", ".join([*known, *([f"{others} more"] if others else [])]) + "}"


def check_cursor(looks: Looks) -> Iterator[CheckResult]:
    """Whether a cursor leads to the next row."""
    first = usable(looks, "first")
    _, rows = _patients(first)
    cursor = cursor_of(first)
    if len(rows) > 1:
        yield wrong("cursor", f"limit=1 was answered with {len(rows)} rows", _REPORT)
        return
    if not cursor:
        total = _total(first) or 0
        if total > 1:
            yield wrong("cursor", f"there is none, although the count is {total}", _REPORT)
        else:
            yield note("cursor", "none was needed: there are fewer than two patients")
        return
    _, following = _patients(usable(looks, "second"))
    if not following:
        yield wrong("cursor", "it leads to an empty page", _REPORT)
    elif following[0].get("id") == rows[0].get("id"):
        yield wrong("cursor", "it leads to the same row again", _REPORT)
    else:
        marks = "".join(sorted(set(cursor) & set("+/=")))
        yield fine(
            "cursor",
            f"{len(cursor)} characters{f' with {marks}' if marks else ''}, and leads to the next row",
        )


def check_count(looks: Looks) -> Iterator[CheckResult]:
    """Whether totalCount is what the head of the list shows, read twice."""
    head, first = usable(looks, "head"), usable(looks, "first")
    (_, rows), (_, newest) = _patients(head), _patients(first)
    before, after = _total(head), _total(first)
    if before is None or after is None:
        raise NotToBeHad("the list has no count")
    ids = [row.get("id") for row in rows]
    if len(set(map(str, ids))) < len(ids):
        yield wrong("count", "a page shows the same id twice", "scan: agree-twice in kardia.yaml may help")
    elif not cursor_of(head) and before != len(rows):
        text = f"totalCount is {before}, and the whole list has {len(rows)} patients"
        yield wrong("count", text, "If that stays, set scan: agree-twice in kardia.yaml")
    elif before == after and newest and rows and newest[0].get("id") != rows[0].get("id"):
        yield note("count", "the newest patient changed between two reads, and the count did not")
    elif before != after:
        yield note(
            "count", f"it changed from {before} to {after} between two reads: others work in the account"
        )
    else:
        yield fine("count", f"{before}, twice the same")
