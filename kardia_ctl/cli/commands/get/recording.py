"""``kardia-ctl get recording``, ``get pdf`` and ``get report``."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from kardia_ctl.cli.account.connection import Reach, check_shown, reach_from, reach_options, reached
from kardia_ctl.cli.commands.get.list_output import moment, out_option, show_phi_option, shows_phi, time_of
from kardia_ctl.cli.commands.get.patient import WhoseOptions, patient_id, whose_options
from kardia_ctl.cli.output.console import print_message, print_result
from kardia_ctl.cli.private_files import check_writable, write_private
from kardia_ctl.model.ecg import Ecg, Filtering, NoEcg, read_ecg
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.ecg_csv import ecg_csv
from kardia_ctl.render.records.ecg_strip import FORMS, CannotDraw, ecg_picture
from kardia_ctl.render.records.listing import json_line, record_text
from kardia_ctl.render.records.record_columns import RECORDING
from kardia_ctl.render.records.visibility import seen
from kardia_ctl.render.text import count_of

_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command("recording")
@click.argument("recording")
@click.option("--csv", "csv", type=_FILE, metavar="FILE", help="Write the samples, in millivolts, as CSV.")
@click.option("--plot", type=_FILE, metavar="FILE", help="Draw the strip: a .png, .pdf or .svg.")
@click.option(
    "--data",
    "filtering",
    type=click.Choice([filtering.value for filtering in Filtering]),
    help="Which samples (default: enhanced, where there are both).",
)
@click.option("--json", "as_json", is_flag=True, help="The JSON object, with every sample as it was sent.")
@out_option()
@show_phi_option()
@reach_options
def recording_command(
    recording: str,
    csv: Path | None,
    plot: Path | None,
    filtering: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show one RECORDING, the ECG with this id; --csv and --plot take its samples out.

    A picture is ECG paper, 25 mm a second and 10 mm a millivolt, with every lead that is there, the id and
    the time of the recording, and no name. It needs matplotlib: pip install 'kardia-ctl[plot]'. Where the
    recording does not say how much one unit is, samples stay in ADC units; columns and picture say so.
    """
    out = options.pop("out")
    show_phi = shows_phi(out, asked=options.pop("show_phi"))
    for file in filter(None, (csv, plot, out)):
        check_writable(file)
    if plot is not None and plot.suffix.lower().removeprefix(".") not in FORMS:
        raise RunStopped(f"--plot {plot}: its name must end in {', '.join(f'.{form}' for form in FORMS)}")
    row = asyncio.run(_recording(reach_from(options), recording))
    if csv is not None or plot is not None:
        _take_samples(row, recording, csv, plot, Filtering(filtering) if filtering else None)
    if (csv is None and plot is None) or out is not None or as_json:
        _print(seen(row, RECORDING, str, show_phi=show_phi), row, out, as_json=as_json)


async def _recording(reach: Reach, recording: str) -> dict[str, Any]:
    async with reached(reach) as session:
        return await session.records().recording(recording)


def _print(found: dict[str, Any], row: Mapping[str, Any], out: Path | None, *, as_json: bool) -> None:
    if as_json:
        text = f"{json_line(found)}\n"
    else:
        found.pop("data", None)
        text = record_text(found | _samples(row), RECORDING)
    if out is None:
        print_result(text)
    else:
        write_private(out, text.encode())


def _samples(row: Mapping[str, Any]) -> dict[str, str]:
    """What there is of samples, in one line."""
    try:
        ecg = read_ecg(row)
    except NoEcg as error:
        return {"samples": f"none: {error}"}
    number = max(len(lead.samples) for lead in ecg.leads)
    names = ", ".join(lead.name for lead in ecg.leads)
    return {"samples": f"{count_of(number, 'sample')} at {ecg.frequency:g} Hz in {ecg.unit}: {names}"}


def _take_samples(
    row: Mapping[str, Any],
    recording: str,
    csv: Path | None,
    plot: Path | None,
    filtering: Filtering | None,
) -> None:
    try:
        ecg = read_ecg(row, filtering)
        if csv is not None:
            write_private(csv, ecg_csv(ecg).encode())
        if plot is not None:
            form = plot.suffix.lower().removeprefix(".")
            write_private(plot, ecg_picture(ecg, _title(row, recording, ecg), form))
    except (NoEcg, CannotDraw) as error:
        raise RunStopped(str(error)) from error
    if ecg.unit != "mV":
        print_message(
            "Warning: the recording has no amplitudeResolution, so how much one unit is is not known: its "
            "samples are in ADC units"
        )


def _title(row: Mapping[str, Any], recording: str, ecg: Ecg) -> str:
    """What stands over the picture: nothing of a person."""
    at = time_of(row.get("recordedAt"))
    scale = "25 mm/s, 10 mm/mV" if ecg.unit == "mV" else "25 mm/s, height in ADC units, not to scale"
    kind = f", {ecg.filtering}" if ecg.filtering else ""
    return f"Recording {recording}{f', {at.isoformat()}' if at else ''}, {scale}{kind}"


@click.command("pdf")
@click.argument("recording")
@out_option(required=True)
@reach_options
def pdf_command(recording: str, out: Path, **options: Any) -> None:
    """Write the PDF of one RECORDING, the ECG with this id, to --out FILE. It names the patient."""
    check_writable(out)
    reach = reach_from(options)

    async def run() -> bytes:
        async with reached(reach) as session:
            return await session.records().pdf(recording)

    _keep_pdf(asyncio.run(run()), out)


@click.command("report")
@whose_options()
@click.option("--from", "start", type=moment, metavar="DATE", help="From this day (UTC) or time on.")
@click.option("--to", "end", type=moment, metavar="DATE", help="Up to this day (UTC) or time.")
@click.option("--date-format", type=click.Choice(["us", "iso"]), help="How dates are printed (default: us).")
@out_option(required=True)
@reach_options
def report_command(mrn: str | None, identifier: str | None, out: Path, **options: Any) -> None:
    """Write a patient's summary report, a PDF, to --out FILE: the last 30 days, or --from and --to."""
    check_writable(out)
    start, end, form = (options.pop(name) for name in ("start", "end", "date_format"))
    if start is not None and end is not None and end <= start:
        raise RunStopped("--to must be later than --from")
    said = {
        "startTime": start and start.isoformat().replace("+00:00", "Z"),
        "endTime": end and end.isoformat().replace("+00:00", "Z"),
        "dateFormat": form,
    }
    whose, reach = WhoseOptions(mrn, identifier), reach_from(options)
    check_shown(reach, "summary reports")

    async def run() -> bytes:
        async with reached(reach) as session:
            records = session.records()
            found = await patient_id(reach, records, whose)
            return await records.report(found, {name: value for name, value in said.items() if value})

    _keep_pdf(asyncio.run(run()), out)


def _keep_pdf(data: bytes, out: Path) -> None:
    write_private(out, data)
    print_message(f"{out}: {len(data)} bytes, readable by you alone.")
