"""What each kind is: its schema, identity, comparison, reading and writing. One file per kind."""

from collections.abc import Mapping
from typing import Final

from kardia_ctl.kinds import callback, qt_callback, service_provider
from kardia_ctl.kinds.definition import SettingKind
from kardia_ctl.model.kinds import Kind

SETTINGS: Final[Mapping[Kind, SettingKind]] = {
    definition.kind: definition
    for definition in (callback.DEFINITION, qt_callback.DEFINITION, service_provider.DEFINITION)
}
"""The kinds at the top level of the YAML. A new one is a file and a line here.

Patients, their codes and their mobile users come in bulk and have modules of their own.
"""
