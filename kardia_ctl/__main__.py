"""The entry point of ``kardia-ctl`` and ``python -m kardia_ctl``."""

import os
import signal
import sys


def main() -> None:
    """Run the command line.

    Ctrl-C during the imports ends the process with 130 and no output: nothing was done, and a traceback would
    only confuse. After the imports ``cli.main`` handles it.
    """
    try:
        import fcntl  # noqa: F401  (state's lock needs it)
    except ImportError:
        from kardia_ctl.cli.process import UNSUPPORTED

        sys.exit(UNSUPPORTED)
    if (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):  # keep SIGINT ignored where the parent ignores it
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from kardia_ctl.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
