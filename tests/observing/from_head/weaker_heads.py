"""Proofs by the head of the list that prove too much, to put in the place of ``recorded_list.objection``."""

from kardia_ctl.model.amounts.refresh import ProvenList, digest_of_ids
from kardia_ctl.model.patient import PatientsPage
from kardia_ctl.observing.recorded_list import objection


def anything(proven: ProvenList, page: PatientsPage, recorded: set[str]) -> str:
    """Nobody ever leaves."""
    return ""


def count_alone(proven: ProvenList, page: PatientsPage, recorded: set[str]) -> str:
    """The list is as long as it was: who left may have been replaced."""
    return "" if page.total == proven.head.total else "another count"


def without_rows(proven: ProvenList, page: PatientsPage, recorded: set[str]) -> str:
    """The two equations alone: who appears late below f counts for one who left."""
    ids = [patient.id for patient in page.patients]
    if proven.newest not in ids:
        return "f is not there"
    above = ids[: ids.index(proven.newest)]
    if page.total != proven.head.total + len(above):
        return "the sum does not close"
    known = digest_of_ids(recorded - set(above) - set(proven.absent))
    return "" if known == proven.recorded else "other records"


def without_records(proven: ProvenList, page: PatientsPage, recorded: set[str]) -> str:
    """Whoever is recorded was in the list: also whom we created since, and who was absent then."""
    shown = {patient.id for patient in page.patients}
    for ids in (recorded - {one} for one in ("", *recorded)):
        if not objection(proven, page, ids) or not objection(proven, page, ids | shown):
            return ""
    return "it does not continue"
