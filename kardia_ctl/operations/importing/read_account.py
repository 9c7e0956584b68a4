"""Reads a whole account, for who brings it into files."""

from dataclasses import replace

from kardia_ctl.model.address import Address
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.observed import Coverage
from kardia_ctl.model.ports import Reader
from kardia_ctl.observing.interning import SharedTexts
from kardia_ctl.observing.observe import observe
from kardia_ctl.observing.read_plan import ReadPlan
from kardia_ctl.operations.tenant import require_tenant
from kardia_ctl.planning.inputs import PlanInputs


async def read_account(reader: Reader, inputs: PlanInputs) -> PlanInputs:
    """The inputs with everybody who is live, the templates, and the settings that are not declared.

    Raises:
        ApiError: a request failed, or its response could not be decoded.
        RunStopped: the scan is not proven, or the key belongs to another tenant than the configuration's.
    """
    observed = await observe(reader, _reads(inputs), inputs.scan, keep=SharedTexts())
    if observed.coverage is not Coverage.PROVEN:
        raise RunStopped(
            f"the patients of the account could not all be read: {observed.detail}. Nothing was written. Run "
            "the command again, or declare scan: agree-twice if the server's count is known to be wrong"
        )
    return await require_tenant(reader, replace(inputs, observed=observed))


def _reads(inputs: PlanInputs) -> ReadPlan:
    """A whole scan. Recorded ids of undeclared patients count as live until a read by id shows otherwise."""
    desired, can = inputs.desired, inputs.capabilities
    declared = {setting.address for setting in desired.settings}
    settings = [
        Address(kind) for kind in Kind if kind.is_setting and kind.facts.read_back and kind in can.kinds
    ]
    records = [
        (record.id, mrn)
        for mrn, record in inputs.state.patients.items()
        if record.id and mrn not in desired.patients
    ]
    return ReadPlan(
        scan=True,
        ids=tuple(patient_id for patient_id, _ in records),
        mrns=tuple(mrn for _, mrn in records),
        settings=tuple(address for address in settings if address not in declared),
        templates=can.shows_templates,
    )
