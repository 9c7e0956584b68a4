"""How far a run came that broke off."""

from kardia_ctl.applying.observer import ProgressObserver, ResultLog
from kardia_ctl.model.address import patient_address
from kardia_ctl.model.plan import Action, Cause, Change, Plan
from kardia_ctl.model.results import Result, Status

DONE, AGAIN, NEVER = (
    Change(patient_address(mrn), Action.CREATE, Cause.DECLARED) for mrn in ("done", "again", "never")
)
BLOCKED = Change(patient_address("blocked"), Action.BLOCKED, Cause.SAME_PERSON)


def test_what_began_and_has_no_end_may_have_had_its_effect() -> None:
    progress_log, heard = ResultLog(), list[Change | Result]()
    observer = progress_log.recording(ProgressObserver(heard.append, heard.append))
    done = Result(DONE.address, Action.CREATE, Status.DONE, id="1")
    doubted = Result(AGAIN.address, Action.CREATE, Status.IN_DOUBT, "lost")
    told = [DONE, AGAIN, done, doubted, AGAIN]
    for change in told:
        (observer.ended if isinstance(change, Result) else observer.started)(change)  # type: ignore[arg-type]
    assert heard == told
    found = {one.address.names[0]: one for one in progress_log.results(Plan((DONE, AGAIN, NEVER, BLOCKED)))}
    assert found["done"] == done
    assert (found["again"].status, found["again"].detail) != (Status.IN_DOUBT, "lost")
    assert [found[mrn].status for mrn in ("again", "never")] == [Status.IN_DOUBT, Status.SKIPPED]
    assert "blocked" not in found
