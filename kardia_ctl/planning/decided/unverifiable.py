"""How many codes cannot be verified, by template and cohort, each with the entry that would settle them."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.decision import EVERY
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Cause, NoticeKind
from kardia_ctl.planning.builder import PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs

_DAYS: Final = timedelta(days=30)
"""For how long the entry that is offered holds."""

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def count_unverifiable(inputs: PlanInputs, builder: PlanBuilder) -> None:
    """Count the codes of which nobody knows the template, and offer an entry under ``decisions``."""
    people, elsewhere = inputs.desired.patients, _recorded_elsewhere(builder)
    groups: dict[tuple[str, str], list[Address]] = {}
    for notice in builder.notices:
        address = notice.address
        if notice.kind is NoticeKind.UNVERIFIABLE and address and address.kind is Kind.CONNECTION_CODE:
            mrn, label = address.names
            if mrn in elsewhere:
                continue
            groups.setdefault((label, people[mrn].cohort), []).append(address)
    until = (inputs.now.day + _DAYS).isoformat()
    for (label, cohort), addresses in groups.items():
        builder.notice(NoticeKind.UNVERIFIABLE, _offer(label, cohort, addresses, until))


def _recorded_elsewhere(builder: PlanBuilder) -> set[str]:
    """The mrns of patients who may be somebody else: no decision takes their codes (``issued``)."""
    return {change.address.names[0] for change in builder.changes if change.cause is Cause.ID_MISMATCH}


def _offer(label: str, cohort: str, addresses: Sequence[Address], until: str) -> str:
    """How many there are, and the entry: of a cohort, of a single address, or one for each."""
    count = len(addresses)
    codes = f"1 code of {label}" if count == 1 else f"{count:,} codes of {label}"
    it, them = ("it is", "it") if count == 1 else ("they are", "them")
    kind, mrn, template = str(addresses[0]).split("/")
    more, whose, entry = "", "", f"this entry under decisions records {them}"
    if cohort:
        mrn, more, whose = EVERY, f"cohort: {_quoted(cohort)}, ", f" in cohort {cohort}"
    elif count > 1:
        mrn, entry = "MRN", "an entry under decisions for each records it"
    return (
        f"{codes}{whose} cannot be verified. If {it} of that template, {entry} without a request: "
        f"- {{address: {kind}/{mrn}/{template}, {more}decision: issued, reason: WHY, until: {until}}}"
    )


def _quoted(text: str) -> str:
    """A text as YAML reads it back, between braces."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
