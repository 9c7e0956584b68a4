"""What to do about a patient's mobile user. It cannot be read: state or the connection status decides."""

from kardia_ctl.model.address import Address, code_address
from kardia_ctl.model.configuration import MobileUser
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.plan import Action, Cause, NoticeKind
from kardia_ctl.model.state import UserRecord
from kardia_ctl.planning.builder import OWNER_BLOCKED, PlanBuilder
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.resources.codes import CodeOwner


def plan_user(inputs: PlanInputs, owner: CodeOwner, builder: PlanBuilder) -> None:
    """Decide the declared user of a patient, and forget one that is no longer declared.

    It is a no-op when state has it, adopted when the patient is connected, and otherwise created, once.
    """
    mrn = owner.want.mrn
    user, record = inputs.desired.users.get(mrn), inputs.state.users.get(mrn)
    address = Address(Kind.MOBILE_USER, (mrn,))
    if user is None:
        if record is not None and not record.forgotten:
            reason = "no longer declared; the user stays as it is in Kardia"
            builder.forget(address, reason, id=record.id, source=owner.source)
    elif record is not None and owner.is_of(record.id):
        _plan_recorded(address, record, owner, builder)
    elif owner.status == "connected":
        builder.adopt(address, "the patient is already connected", id=owner.id, source=owner.source)
    elif owner.existed and address not in inputs.decisions.reissue:
        text = (
            "the patient existed before, and whether it has a user cannot be read; nothing is sent; to "
            f"create one: --reissue '{address}'"
        )
        builder.notice(NoticeKind.UNVERIFIABLE, text, address, owner.source)
        builder.keep(address)
    else:
        _create(inputs, user, address, owner, builder)


def _plan_recorded(address: Address, record: UserRecord, owner: CodeOwner, builder: PlanBuilder) -> None:
    if record.unredeemed:
        text = "the user exists, but its code was not redeemed: the patient can enter it in the Kardia app"
        builder.notice(NoticeKind.WARNING, text, address, owner.source)
    else:
        text = "the API does not show it; it is known from state alone"
        builder.notice(NoticeKind.RECORDED, text, address, owner.source)
    builder.keep_or_adopt(address, record, "", id=owner.id, source=owner.source)


def _create(
    inputs: PlanInputs, user: MobileUser, address: Address, owner: CodeOwner, builder: PlanBuilder
) -> None:
    blocked = _obstacle(inputs, user, address, owner, builder)
    if blocked is not None:
        builder.block(address, *blocked, id=owner.id, source=owner.source)
        return
    after = {"email": owner.want.email, "country": user.country, "password_from": str(user.password)}
    if user.redeem:
        after["redeem"] = "true"
    is_decided = owner.existed and address in inputs.decisions.reissue
    builder.create(address, after, is_decided=is_decided, id=owner.id, source=owner.source)


def _obstacle(
    inputs: PlanInputs, user: MobileUser, address: Address, owner: CodeOwner, builder: PlanBuilder
) -> tuple[Cause, str] | None:
    """Why a user cannot be created in this run."""
    if owner.blocked:
        return Cause.OWNER_BLOCKED, OWNER_BLOCKED
    if taken := builder.logins.other(owner.want):
        return Cause.DUPLICATE_LOGIN, (
            f"{taken} was created with this login, the patient's email, and users cannot share one. Give the "
            "patient an email of its own, or remove mobile_user; if that user no longer exists: "
            f"kardia-ctl state forget '{taken}'"
        )
    intent = inputs.state.intents.get(address)
    if intent is not None and intent.id in ("", owner.id):
        code = "; if its code is not redeemed, the patient enters it there" if user.redeem else ""
        return Cause.UNSETTLED, (
            "in doubt: the create got no response, and a user cannot be read. Try the user's login in the "
            f"Kardia app, then apply with --assume-created '{address}' or --assume-absent '{address}'{code}"
        )
    if user.redeem and not _issues_code(owner, builder):
        return Cause.CODE_NOT_AT_HAND, (
            "this run does not issue its code, and the API shows a code once. Remove redeem, and the patient "
            "enters the code in the Kardia app; or order another code: --reissue "
            f"'{code_address(owner.want.mrn, owner.want.codes[0])}'"
        )
    return None


def _issues_code(owner: CodeOwner, builder: PlanBuilder) -> bool:
    """Whether this plan issues the code to be redeemed. The patient's changes are the builder's last ones."""
    code = code_address(owner.want.mrn, owner.want.codes[0]) if owner.want.codes else None
    for change in reversed(builder.changes):
        if change.address == code:
            return change.action is Action.CREATE
        if change.address.names[:1] != (owner.want.mrn,):
            break
    return False
