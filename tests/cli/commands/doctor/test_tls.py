"""doctor over TLS: which version is spoken, and what a certificate that is not trusted means."""

import asyncio
from collections.abc import Callable

from tests.api.http.peer import CERTIFICATE, answering, served, server_trust
from tests.cli.commands.doctor.clinics import Findings, Surgery

_BODY = b'{"patients": [], "totalCount": 0, "pageInfo": {"hasNextPage": false}}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 02 Mar 2026 10:00:00 GMT\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


def over_tls(surgery: Surgery, run: Callable[[], Findings]) -> Findings:
    async def story() -> Findings:
        async with served(answering(*[_ANSWER] * 8), server_trust()) as peer:
            surgery.patch.setenv("KARDIA_ENDPOINT", peer.tls_url)
            return await asyncio.to_thread(run)

    return asyncio.run(story())


def test_the_version_is_shown_and_a_clock_far_away_is_wrong(surgery: Surgery) -> None:
    found = over_tls(surgery, lambda: surgery.doctor("--ca-file", str(CERTIFICATE)))
    assert found.grade("TLS") == "fine"
    assert found.text("TLS").startswith("TLSv1.3, by the authorities of --ca-file")
    assert found.grade("clock") == "wrong"
    assert found.grade("list") == found.grade("count") == "fine"


def test_a_certificate_that_is_not_trusted_is_said_with_what_to_do(surgery: Surgery) -> None:
    found = over_tls(surgery, surgery.doctor)
    assert found.wrong == {"answers"}
    assert "is signed by an authority that is not trusted here" in found.text("answers")
    assert "--ca-file" in found.text("answers")
    assert found.grade("TLS") == "skipped"
