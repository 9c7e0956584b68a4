"""What to do about the mobile user of one patient. It cannot be read back: state or the connection tells."""

from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.configuration import MobileUser
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, Change, NoticeKind
from kardia_ctl.model.state import Record
from kardia_ctl.planning.builder import Draft
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.codes import Holder

UNREDEEMED = "not redeemed"
"""The label of a record whose user exists, and whose code was not redeemed for it."""


def plan_user(inputs: PlanInputs, holder: Holder, draft: Draft) -> None:
    """Decide the declared user of a patient, and forget one that is no longer declared.

    It is satisfied when the patient is connected or state knows it; otherwise it is created, once.
    """
    mrn = holder.want.mrn
    user, record = inputs.desired.users.get(mrn), draft.index.users.get(mrn)
    address = Address(Kind.MOBILE_USER, (mrn,))
    if user is None:
        if record is not None and not record.forgotten:
            reason = "no longer declared; the user stays as it is in Kardia"
            draft.changes.append(
                Change(address, Action.FORGET, Cause.UNDECLARED, reason, id=record.id, source=holder.source)
            )
    elif record is not None and holder.is_of(record.id):
        _known(address, record, holder, draft)
    elif holder.status == "connected":
        reason = "the patient is connected already"
        draft.changes.append(
            Change(address, Action.ADOPT, Cause.EXISTS_LIVE, reason, id=holder.id, source=holder.source)
        )
    elif holder.existed and address not in inputs.decisions.reissue:
        text = (
            "the patient was there before, and whether it has a user cannot be read; nothing is sent; to "
            f"make one: --reissue '{address}'"
        )
        draft.tell(NoticeKind.UNVERIFIABLE, text, address, holder.source)
        draft.keep(Kind.MOBILE_USER, mrn)
    else:
        draft.changes.append(_create(inputs, user, address, holder, draft))


def _known(address: Address, record: Record, holder: Holder, draft: Draft) -> None:
    if record.label == UNREDEEMED:
        text = "the user exists and its code was not redeemed: the patient can enter it in the Kardia app"
        draft.tell(NoticeKind.WARNING, text, address, holder.source)
    else:
        text = "the API does not show it; it is known from state alone"
        draft.tell(NoticeKind.RECORDED, text, address, holder.source)
    if not record.forgotten:
        draft.keep(Kind.MOBILE_USER, *address.names)
        return
    reason = "it is back: it was forgotten earlier"
    draft.changes.append(
        Change(address, Action.ADOPT, Cause.EXISTS_LIVE, reason, id=holder.id, source=holder.source)
    )


def _create(inputs: PlanInputs, user: MobileUser, address: Address, holder: Holder, draft: Draft) -> Change:
    if holder.blocked:
        return _blocked(address, Cause.OWNER_BLOCKED, holder.blocked, holder)
    intent = inputs.state.intents.get(address)
    if intent is not None and intent.id in ("", holder.id):
        reason = (
            "in doubt: it was sent and no answer came, and a user cannot be read back: try its login in the "
            f"Kardia app, then apply with --assume-created '{address}' or --assume-absent '{address}'"
            + ("; its code may not be redeemed: then the patient enters it there" if user.redeem else "")
        )
        return _blocked(address, Cause.UNSETTLED, reason, holder)
    if user.redeem and not _code_at_hand(holder, draft):
        reason = (
            "its code is not issued in this run, and the API shows a code once: take redeem out, and the "
            "patient enters the code in the Kardia app; or order another one with --reissue "
            f"'{code_address(holder.want.mrn, holder.want.codes[0])}'"
        )
        return _blocked(address, Cause.CODE_NOT_AT_HAND, reason, holder)
    after = {"email": holder.want.email, "country": user.country, "password_from": str(user.password)}
    if user.redeem:
        after["redeem"] = "true"
    return Change(address, Action.CREATE, Cause.DECLARED, after=after, id=holder.id, source=holder.source)


def _blocked(address: Address, cause: Cause, reason: str, holder: Holder) -> Change:
    return Change(address, Action.BLOCKED, cause, reason, id=holder.id, source=holder.source)


def _code_at_hand(holder: Holder, draft: Draft) -> bool:
    """Whether this plan issues the code that is to be redeemed: its changes stand last in the draft."""
    wanted = code_address(holder.want.mrn, holder.want.codes[0]) if holder.want.codes else None
    for change in reversed(draft.changes):
        if change.address == wanted:
            return change.action is Action.CREATE
        if change.address.names[:1] != (holder.want.mrn,):
            break
    return False
