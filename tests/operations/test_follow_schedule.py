"""When somebody is looked at."""

from kardia_ctl.model.events import Event, EventKind
from kardia_ctl.operations.follow_schedule import DISAGREEMENT_DELAYS, FAILURE_DELAY, GATHER, Agenda

CONNECTED, DISCONNECTED = Event(EventKind.CONNECTED), Event(EventKind.DISCONNECTED)


def test_events_of_one_second_are_due_together_and_one_patient_is_one_look() -> None:
    agenda = Agenda()
    agenda.add("a", CONNECTED, 10.0)
    agenda.add("b", CONNECTED, 10.9)
    agenda.add("a", DISCONNECTED, 10.95)
    assert agenda.next == 10.0 + GATHER
    assert agenda.take(10.99) == {}
    taken = agenda.take(11.0)
    assert {name: read.event for name, read in taken.items()} == {"a": DISCONNECTED, "b": CONNECTED}
    assert agenda.next is None


def test_a_stream_of_events_puts_nothing_off() -> None:
    agenda = Agenda()
    for tenth in range(10):
        agenda.add("a", CONNECTED, 10 + tenth / 10)
    assert list(agenda.take(11.0)) == ["a"]
    agenda.add("a", CONNECTED, 11.0)
    assert agenda.next == 12.0


def test_disagreement_is_looked_at_again_a_bounded_number_of_times() -> None:
    agenda, now, waits = Agenda(), 0.0, []
    agenda.add("a", CONNECTED, now)
    while (due := agenda.next) is not None:
        waits.append(due - now)
        now = due
        agenda.retry("a", agenda.take(now)["a"], now)
    assert waits == [GATHER, *DISAGREEMENT_DELAYS]


def test_a_newer_event_takes_the_place_of_a_later_look() -> None:
    agenda = Agenda()
    agenda.add("a", CONNECTED, 0.0)
    read = agenda.take(1.0)["a"]
    agenda.postpone([("a", read)], 1.0)
    assert agenda.next == 1.0 + FAILURE_DELAY
    agenda.add("a", DISCONNECTED, 2.0)
    assert agenda.next == 3.0
    again = agenda.take(3.0)["a"]
    assert (again.event, again.tries) == (DISCONNECTED, 0)
    agenda.add("a", CONNECTED, 4.0)
    agenda.postpone([("a", again)], 4.0)
    agenda.retry("a", again, 4.0)
    assert agenda.take(5.0)["a"].event is CONNECTED
