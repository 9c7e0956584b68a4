"""Whether one page of the head proves that everybody whom state records is still in the list.

State keeps the moment t0 of a proven list L0 (``ProvenList``): its totalCount T0, the ids K of the upper half
of its first page, with the newest, f, first, and a digest of the recorded ids R that were in L0. At t1 one
answer shows the head of the list L1 and its totalCount T1. H are its rows above f. R is in L1 when

    1. f is among the rows,               4. nobody of H was in K,
    2. T1 = T0 + |H|,                     5. what state records now is R and ids of H.
    3. the rows from f on begin with K,

Who came after t0 stands above f. So L1 is H and those of L0 who are still there, and by 2 these are T0: all.

=====================================  ==========================  =========================================
since t0                               what the page says          the plan
=====================================  ==========================  =========================================
nothing; or somebody came and left     all holds, H is empty       R is live
somebody came                          all holds, H are they       R is live; who of H has a declared mrn is
                                                                   seen: adopted, or a twin
somebody left                          T1 = T0 - 1                 the whole list is read
one left below f and one came          T1 = T0, and |H| = 1        the whole list is read
one left, and one came and left        T1 = T0 - 1, H is empty     the whole list is read
f left                                 f is not on the page        the whole list is read
more came than half a page holds       K is not all on the page    the whole list is read: several answers
                                                                   prove nothing, as whoever comes and leaves
                                                                   between them counts for somebody
one left, and one appears late among   T1 = T0; by 3, K is not     the whole list is read
K (a list that lags)                   what it was
one appears late                       T1 = T0 + 1, H is empty     the whole list is read
an old row moves to the head, and one  by 4, it was in K; by 5,    the whole list is read
appears late                           it is one of R
whom we created is not listed yet, or  by 5, it is not in H        the whole list is read
was deleted elsewhere
the list is older than at t0           f is not on the page, or    the whole list is read
                                       T1 is not T0
a record was added, removed, restored  by 5                        the whole list is read
a name, an mrn, a status changed       nothing                     not seen, unless the patient is on the
                                                                   page or read by id: drift, and the plan
                                                                   says that it does not look for it
=====================================  ==========================  =========================================

Assumed of a server is what ``closed_sum`` assumes, with t0 for the beginning of the scan: most of all, that
whoever appears late appears above the last of K (later than 250 others did, if it is below), and that nobody
who left is put back below K. Who was recorded and absent at t0 is read by id: where one is live again, the
whole list is read.

``tests/observing/from_head/search.py`` tries every small world; with K a whole page, it found one in which a
newcomer hides a patient who appeared late among K's last rows, which no longer fitted on the page.
"""

from collections.abc import Collection, Mapping
from typing import Final

from kardia_ctl.model.amounts.refresh import ListHead, ProvenList, digest_of_ids
from kardia_ctl.model.configuration import DepartureAction
from kardia_ctl.model.patient import PatientsPage
from kardia_ctl.model.state import PatientRecord, State

_MOST_ABSENT: Final = 20
"""The most recorded ids missing from a proven list: each is read by id in every plan from its head."""


def recorded_ids(state: State, records: Mapping[str, PatientRecord] | None = None) -> set[str]:
    """The ids of the patients that state manages, without those whose deletion was accepted."""
    deleted = {patient_id for patient_id, done in state.departed.items() if DepartureAction.DELETE in done}
    known = state.patients if records is None else records
    return {record.id for record in known.values() if record.id and not record.forgotten} - deleted


def proven_list(head: ListHead, recorded: Collection[str], listed: Collection[str]) -> ProvenList | None:
    """What state keeps of a list that was proven; None when too many of the recorded are not in it.

    Args:
        head: The head of the list at the moment that the proof is about.
        recorded: The ids that state records.
        listed: The ids that were in the list at that moment.
    """
    absent = sorted(patient_id for patient_id in recorded if patient_id not in listed)
    if len(absent) > _MOST_ABSENT:
        return None
    return ProvenList(head, digest_of_ids(set(recorded).difference(absent)), tuple(absent))


def objection(proven: ProvenList, page: PatientsPage, recorded: set[str]) -> str:
    """Why a page does not prove that everybody recorded is in the list; empty when it does.

    Args:
        proven: The list that was proven last.
        page: One answer to a request without a cursor.
        recorded: The ids that state records now.
    """
    ids, kept = [patient.id for patient in page.patients], proven.head.ids
    if not kept or kept[0] not in ids:
        return "the newest patient of the last proven scan is not on the first page"
    place = ids.index(kept[0])
    above = set(ids[:place])
    if page.total != proven.head.total + place:
        return (
            f"the count of the list does not fit the last proven scan: {proven.head.total} were in it, "
            f"{place} came, and totalCount is {page.total}"
        )
    if tuple(ids[place : place + len(kept)]) != kept or len(set(ids)) < len(ids):
        return "the newest patients of the last proven scan do not stand on the first page as they did"
    if digest_of_ids(recorded - above - set(proven.absent)) != proven.recorded:
        return "state does not record the patients of the last proven scan and newcomers"
    return ""


def continued(proven: ProvenList, page: PatientsPage, recorded: set[str]) -> ProvenList | None:
    """The proven list one page later; None where the page proves nothing."""
    head = head_of(page)
    if head is None or objection(proven, page, recorded):
        return None
    absent = set(proven.absent) & recorded
    return ProvenList(head, digest_of_ids(recorded - absent), tuple(sorted(absent)))


def head_of(page: PatientsPage) -> ListHead | None:
    """The head of the list that a page shows; None without totalCount."""
    return ListHead.of(page.total, [patient.id for patient in page.patients])
