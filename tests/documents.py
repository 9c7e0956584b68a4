"""What a command writes as JSON, read back."""

import json
from typing import Any

from kardia_ctl.model.plan import Plan
from kardia_ctl.render.json_pieces import json_pieces
from kardia_ctl.render.names import Names
from kardia_ctl.render.plan.terraform_json import Stamp, plan_json


def document_of(plan: Plan, stamp: Stamp, names: Names, *, changes_only: bool = False) -> dict[str, Any]:
    """A plan in Terraform's representation, as a tool reads it."""
    document = plan_json(plan, stamp, names, changes_only=changes_only)
    found: dict[str, Any] = json.loads("".join(json_pieces(document, names)))
    return found
