"""``kardia-ctl`` and ``python -m kardia_ctl``: the first of our code that runs."""

import os
import signal


def main() -> None:
    """Run the command line.

    Ctrl-C while it is still being imported ends it with 130 and without a word: there is nothing to report,
    and a traceback would not say so. From then on ``cli.main`` answers.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # who ignores it goes on ignoring it
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from kardia_ctl.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
