"""The QT callback URL, for QT analysis requests (API reference, "Set QT Analysis Callback URL")."""

from typing import Final

from kardia_ctl.kinds import callback
from kardia_ctl.kinds.definition import SettingKind
from kardia_ctl.model.kinds import Kind

DEFINITION: Final = SettingKind(
    kind=Kind.QT_CALLBACK,
    key="qt_callback",
    schema=callback.schema_of("Where Kardia posts QT analysis requests."),
    declare=lambda value: callback.declared(Kind.QT_CALLBACK, value),
    problem=callback.problem,
    read=lambda reader: callback.read(reader, Kind.QT_CALLBACK),
    normalise=callback.normalise,
    write=callback.write,
)
