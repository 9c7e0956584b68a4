"""The log of what was sent to the callbacks (API reference, "Get callback logs")."""

import json
from datetime import UTC, datetime

from kardia_ctl.sandbox.account.outbox import LOGS, Delivery
from kardia_ctl.sandbox.endpoints.pages import QUERY, page
from kardia_ctl.sandbox.http.endpoint import Answer, Call, Endpoint


def read_all(call: Call) -> Answer:
    """GET /v1/logs: a page of attempts, newest first; the status is text, and a success has no error."""
    return page(call, LOGS, "logs", _text)


def _text(one: Delivery) -> str:
    created = datetime.fromtimestamp(one.created_at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {"statusCode": one.status, "eventType": one.event, "createdAt": created}
    return json.dumps(entry if one.error is None else entry | {"error": one.error}, ensure_ascii=False)


ENDPOINTS = (Endpoint("GET", "/v1/logs", read_all, query=QUERY),)
