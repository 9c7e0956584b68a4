"""What ``plan --drift`` prints: what moved on the live side, and nothing else."""

from datetime import UTC, datetime

from kardia_ctl.cli.output.console import print_json_line, print_result
from kardia_ctl.model.plan import Plan
from kardia_ctl.render.plan.drift_text import drift_lines, drift_text
from kardia_ctl.render.view import View


def report_drift(plan: Plan, view: View, *, as_json: bool) -> None:
    """Print a plan that holds drift alone, as text or as lines of Terraform's stream."""
    if not as_json:
        print_result(drift_text(plan, view))
        return
    moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    for line in drift_lines(plan, view.names):
        print_json_line({**line, "@timestamp": moment})
