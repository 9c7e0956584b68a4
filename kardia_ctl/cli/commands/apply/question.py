"""What apply asks before its first write: it names the most that may be sent and ordered."""

from kardia_ctl.model.plan import Plan
from kardia_ctl.planning.checks.effects import doubts
from kardia_ctl.render.plan.summary import cost_lines, most_following
from kardia_ctl.render.text import count_of


def question(plan: Plan, endpoint: str) -> str:
    """The question about a plan, what may follow once doubts are settled included."""
    most = plan.following
    settled = f"ettle {count_of(most.doubts, 'request')} in doubt; {most_following(most)}"
    if plan.writes:
        send = f"Send {count_of(plan.requests.writes, 'write')} to {endpoint}?"
        doubtful = (f"And s{settled}.",) if most.doubts else ()
        return "\n".join((send, *cost_lines(plan), *doubtful))
    if most.doubts:
        return f"S{settled}. Go on?"
    if doubts(plan.changes):
        return "Settle the requests in doubt?"
    return "Record this in state? Nothing is sent."
