"""When somebody is looked at."""

from kardia_ctl.model.events import Event, EventKind
from kardia_ctl.operations.follow_schedule import AGAIN, GATHER, LATER, Agenda

CONNECTED, DISCONNECTED = Event(EventKind.CONNECTED), Event(EventKind.DISCONNECTED)


def test_events_of_one_second_are_due_together_and_one_patient_is_one_look() -> None:
    agenda = Agenda()
    agenda.hear("a", CONNECTED, 10.0)
    agenda.hear("b", CONNECTED, 10.9)
    agenda.hear("a", DISCONNECTED, 10.95)
    assert agenda.next == 10.0 + GATHER
    assert agenda.take(10.99) == {}
    taken = agenda.take(11.0)
    assert {name: look.event for name, look in taken.items()} == {"a": DISCONNECTED, "b": CONNECTED}
    assert agenda.next is None


def test_a_stream_of_events_puts_nothing_off() -> None:
    agenda = Agenda()
    for tenth in range(10):
        agenda.hear("a", CONNECTED, 10 + tenth / 10)
    assert list(agenda.take(11.0)) == ["a"]
    agenda.hear("a", CONNECTED, 11.0)
    assert agenda.next == 12.0


def test_disagreement_is_looked_at_again_a_bounded_number_of_times() -> None:
    agenda, now, waits = Agenda(), 0.0, []
    agenda.hear("a", CONNECTED, now)
    while (due := agenda.next) is not None:
        waits.append(due - now)
        now = due
        agenda.disagree("a", agenda.take(now)["a"], now)
    assert waits == [GATHER, *AGAIN]


def test_a_newer_event_takes_the_place_of_a_later_look() -> None:
    agenda = Agenda()
    agenda.hear("a", CONNECTED, 0.0)
    look = agenda.take(1.0)["a"]
    agenda.postpone([("a", look)], 1.0)
    assert agenda.next == 1.0 + LATER
    agenda.hear("a", DISCONNECTED, 2.0)
    assert agenda.next == 3.0
    again = agenda.take(3.0)["a"]
    assert (again.event, again.tries) == (DISCONNECTED, 0)
    agenda.hear("a", CONNECTED, 4.0)
    agenda.postpone([("a", again)], 4.0)
    agenda.disagree("a", again, 4.0)
    assert agenda.take(5.0)["a"].event is CONNECTED
