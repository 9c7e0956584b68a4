"""What the measurements were made on, without anything that names the machine itself."""

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and a day. ``busy`` is the load average of the minute before the first measurement."""

    date: str
    cpu: str
    cores: int
    memory_gib: int
    python: str
    system: str
    busy: float

    def __str__(self) -> str:
        return (
            f"{self.date}, {self.cpu}, {self.cores} cores, {self.memory_gib} GiB, {self.python}, "
            f"{self.system}; load before the first measurement {self.busy:.1f}"
        )


def this_machine() -> Machine:
    """Describe the machine that this runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gib=round(memory / 2**30),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.machine()}",
        busy=round(os.getloadavg()[0], 1),
    )


def _cpu() -> str:
    listing = Path("/proc/cpuinfo")
    text = listing.read_text() if listing.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor()
