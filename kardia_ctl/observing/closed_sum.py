"""The closed sum: when the pages of a list that moves show everybody.

The list is newest first, cannot be filtered and changes between two requests. An answer holds rows and
the number of all rows (totalCount). The proof rests on *heads*: answers to a request without a cursor. An
*anchor* is a head that was read: its totalCount T, its newest id f, its ids. A later head *follows* the
anchor when it says T + |H|, H being the rows above f in that same answer, none of them known, and when
its rows from f on are the anchor's.

Who is new stands above f; everybody else in the later answer was there at the anchor. So the later
totalCount is |H| plus those of the anchor who are still there. When it is T + |H|, nobody has left, and
the list is now those of the anchor and H. The later head becomes the anchor, and so on.

=================================  ================================  =====================================
situation                          what the equations say            why nobody can be missing
=================================  ================================  =====================================
one page                           it shows totalCount ids           the answer is the list
totalCount the same on every page  the walk shows T ids              every row was of the anchor, so they
                                                                     are all of the anchor's
the same, but between two pages    the walk shows T ids, or fewer    who was there at the start and still
one left and one came                                                is was shown; the newcomer came after
                                                                     the scan began, as one who comes
                                                                     after it
totalCount rose                    T ids, and a head read at the     nobody of the anchor left, so the T
                                   end follows                       ids are theirs; H are the others
totalCount fell, even if it rose   somebody left, or an answer is    not proven: walk again
again                              older than the one before
one left and others came           the head says less than T + |H|   not proven: the number may fit, the
                                                                     people do not
f left                             f is not in the head              not proven
an old row moves to the head       H holds a row of the anchor       not proven
newcomers shift an offset cursor   rows are repeated                 ids are counted once
more newcomers than rows read, or  totalCount - T is that many       not proven: a row of this page may be
than a head holds                                                    a newcomer, and no head can follow
rows fall out at a page's edge     fewer than T ids                  not proven; a walk with other edges
(equal seconds)                                                      is joined if its first page follows:
                                                                     who was shown before is still there,
                                                                     and is read by id if not shown again
newcomers for more than a page     a head is read before they are    each step is proven by itself; H is
                                   too many, and follows             never added up over heads of which
                                                                     one does not follow the other
=================================  ================================  =====================================

Assumed of a server:

- Rows and totalCount of one answer are of one moment. A totalCount that lags behind its rows is too small
  or too large and proves nothing; it could deceive only if it were wrong by as many as the rows that fell
  out.
- No answer is older than the one before it. A totalCount that falls shows most that are. But answers
  that say one number of different people cannot be told from a list that stands still: in random
  worlds with answers one event old, 4 of 21,508 scans with whole-second cursors were proven falsely,
  with two events 51 of 24,679, and 171 of 24,615 with offsets; none with exact cursors.
- The order is that of creation ("a list of patients with the most recent created patient first", API
  reference, "Get All Patients"), so nobody moves. Moves alone would deceive nothing. But where, between
  two requests, somebody not yet shown moves to the head, somebody who was shown leaves and somebody
  appears late below the last row, the late one is counted in place of the one who moved.
- Who appears, appears above those who stood below the first page: at the head, or (a list that lags,
  equal seconds) among its rows. Somebody who appears further down took longer than hundreds of later
  ones.
- A cursor leads to the rows below the last one, or to as many rows from the head as were read.

``tests/observing/search.py`` searches small worlds for a false proof, ``test_crowds.py`` lists of up to 40.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Self

from kardia_ctl.model.amounts.refresh import ListHead
from kardia_ctl.model.patient import LivePatient, PatientsPage


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that was read: totalCount, the newest id (empty when nobody was there), and the ids, if known.

    ``rows`` are the ids as they stand.

    Without ids a newcomer below the newest id is not noticed, if exactly one other patient left.
    """

    total: int
    newest: str
    ids: frozenset[str] = frozenset()
    rows: tuple[str, ...] = ()

    @classmethod
    def of(cls, page: PatientsPage) -> Self | None:
        """The anchor that a head is; None when it has no totalCount."""
        if page.total is None:
            return None
        ids = tuple(patient.id for patient in page.patients)
        return cls(page.total, ids[0] if ids else "", frozenset(ids), ids)


def newcomers(
    anchor: Anchor, head: PatientsPage, shown: Container[str] = frozenset()
) -> tuple[LivePatient, ...] | None:
    """H, newest first, when this head follows the anchor: then nobody has left. None when it does not.

    Args:
        anchor: An earlier head.
        head: One answer to a request without a cursor.
        shown: Ids that were there at the anchor, as far as they are known: none of them is new.
    """
    ids = [patient.id for patient in head.patients]
    if anchor.newest in ids:
        place = ids.index(anchor.newest)
    elif not anchor.newest and head.next_cursor is None:
        place = len(ids)
    else:
        return None
    above, below = ids[:place], ids[place:]
    differs = bool(anchor.ids) and not anchor.ids.issuperset(below[: len(anchor.ids)])
    repeats = len(frozenset(ids)) < len(ids) or any(patient_id in shown for patient_id in above)
    if differs or repeats or head.total != anchor.total + len(above):
        return None
    return head.patients[:place]


@dataclass(slots=True)
class ClosedSum:
    """The sum of a scan. While it holds, every row shown since the anchor was there at the anchor.

    Attributes:
        anchor: The last head; None when it had no totalCount or did not follow the one before it.
        moved: Whether a page since the anchor had another totalCount.
    """

    anchor: Anchor | None = None
    moved: bool = False
    _spoilt: bool = False
    _last: int = 0
    _most: int = 0
    """The most newcomers between two answers of this walk."""

    @property
    def holds(self) -> bool:
        """Whether the walk may still prove something."""
        return self.anchor is not None and not self._spoilt

    @property
    def head(self) -> ListHead | None:
        """The head that the proof is about: of its moment everybody was shown."""
        return None if self.anchor is None else ListHead.of(self.anchor.total, self.anchor.rows)

    def closes(self, shown: int) -> bool:
        """Whether so many different rows are everybody of the anchor."""
        return self.anchor is not None and self.holds and shown == self.anchor.total

    def begin(self, head: PatientsPage, shown: Container[str]) -> bool:
        """The first page of a walk becomes the anchor. Returns whether it follows the last one."""
        follows = self.look(head, shown)
        self._set(head)
        self._most = 0
        return follows

    def look(self, head: PatientsPage, shown: Container[str]) -> bool:
        """A head read in between or at the end is the anchor if it follows; else nothing holds any more.

        ``shown`` are the ids that were shown since the anchor.
        """
        follows = (
            self.anchor is not None
            and not self._spoilt
            and not self._has_fallen(head)
            and newcomers(self.anchor, head, shown) is not None
        )
        if follows:
            self._note_rise(head)
            self._set(head)
        else:
            self.anchor = None
        return follows

    def below(self, page: PatientsPage, rank: int) -> None:
        """A further page of the walk, of which ``rank`` rows were read before it."""
        if self.anchor is None or page.total is None:
            self._spoilt = True
            return
        new = page.total - self.anchor.total
        self.moved = self.moved or new != 0
        too_many = new > min(rank, len(self.anchor.ids) - 1)
        self._spoilt = self._spoilt or too_many or self._has_fallen(page)
        self._note_rise(page)
        self._last = page.total

    @property
    def wants_look(self) -> bool:
        """Whether they would be too many for a head if twice again the most came that came at once."""
        if self.anchor is None or self._spoilt:
            return False
        new = self._last - self.anchor.total
        return new > 0 and new + 2 * self._most >= len(self.anchor.ids)

    def _note_rise(self, page: PatientsPage) -> None:
        self._most = max(self._most, (page.total or 0) - self._last)

    def _has_fallen(self, page: PatientsPage) -> bool:
        return page.total is None or page.total < self._last

    def _set(self, head: PatientsPage) -> None:
        self.anchor = Anchor.of(head)
        self.moved = self._spoilt = False
        self._last = head.total or 0
