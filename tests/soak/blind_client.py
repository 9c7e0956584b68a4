"""kardia-ctl with a defect: it sends a create again when its answer is lost. For the harness's own test.

SOAK_DEFECT has to name the defect, so that nobody calls it by mistake.
"""

import os
import sys
from dataclasses import replace

from kardia_ctl.api import endpoints
from kardia_ctl.cli.main import main

DEFECT = "blind-retry"

if __name__ == "__main__":
    if os.environ.get("SOAK_DEFECT") != DEFECT:
        sys.exit(f"this client is broken on purpose; SOAK_DEFECT={DEFECT} runs it all the same")
    blind = replace(endpoints.CREATE_PATIENT, nature=endpoints.Nature.REPEATABLE)
    vars(endpoints)["CREATE_PATIENT"] = blind
    main()
