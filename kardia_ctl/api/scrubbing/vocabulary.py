"""The words of the protocol, which stay readable although somebody may bear one as a name."""

from http import HTTPStatus
from typing import Final

from kardia_ctl.api.scrubbing.words import folded

PHRASES: Final = frozenset(
    folded(phrase)
    for phrase in (
        *(status.phrase for status in HTTPStatus),
        "invalid request",
        "too many errors",
        "validation error",
        "request failed",
        "no code",
        "error code",
        "not valid",
        "already exists",
    )
)
"""HTTP's reason phrases, which the API reference gives as titles ("Errors"), each as ``folded`` writes it."""

WORDS: Final = frozenset(
    """
    a abort aborted about above accept acceptable accepted access account accounts action actions active
    address addresses admin administrator after again against alivecor all allowed already also am an and
    another any api apis app application are argument arguments array as at authentication authorization
    authorized backend bad be because been before being below between birth blank blocked body born both
    busy but by callback callbacks can canceled cancelled cannot change changed char character characters
    client clients closed code codes column conflict connect connected connection connections constraint
    contact content contents controller could count country countrycode counts create created creates
    credential credentials cursor customparticipantid data database date dates day days db deadlock decode
    decoding default degraded delete deleted denied deny detail details did disabled disallowed disconnect
    disconnected do dob docs documentation does done down downstream due duplicate duplicates during e
    each either else email empty enabled encoded encoding end endpoint endpoints entity err error errors
    every exceed exceeded exceeds exception exist existing exists expire expired expires export exports
    external fail failed fails failure failures false family fault few field fields file files first
    firstname for forbidden form format formats formatted forms found from gateway gender get given gone
    had has have having he head header headers help her here hidden his host hosts hour hours how html
    http https id identifier identifiers ids if illegal import in inactive info information integer
    internal into invalid is issue issued it its json kardia key keys large last lastname later least
    length less limit limited limits line list lists lock locked login long mail mails maintenance
    malformed many max maximum may message messages method methods might min minimum minute minutes
    missing more most moved mrn must name named names nan neither network new next nil no none not now
    null number numbers object objects of off ok okay old on one only onto oops open opened operation
    operations optional or order orders other our out outage over overload overloaded page pages param
    parameter parameters params parse parsed parser parsing participant participants partner partners
    password passwords patch path paths patient patients pending people per permanent permanently
    permission permissions permitted person phone plan plans please pointer post precondition previous
    price problem problems process processed processing properties property provider providers proxy put
    query quota range rate rates reached read reason reasons receive received record recording recordings
    records redirect reference refuse refused reject rejected report reports request requests require
    required requires reset resource resources response responses retries retry row rows same schema
    second seconds see send sent server servers service services several sex shall she short should since
    size small so some something sorry stack start state status still string subscription subscriptions
    such support syntax system systems table team teams template templates temporarily temporary tenant
    test testing tests text than that the their then there these they this those three throttle throttled
    throttling through time timed timeout times title titles to token tokens too total trace transaction
    true try two type types unable unauthenticated unauthorised unauthorized unavailable undefined under
    unexpected unique unknown unprocessable unreachable unspecified unsupported until up update updated
    upstream uri url urls user username users valid validate validated validation value values version
    versions via wait warn warning was we went were what when where which while who whom whose why will
    with within without would write written wrong xml yes yet you your zero
    """.split()  # noqa: SIM905  (a list of these would be a page of quotes)
)
