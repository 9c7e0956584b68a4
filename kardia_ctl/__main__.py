"""``python -m kardia_ctl``."""

from kardia_ctl.cli.main import main

if __name__ == "__main__":
    main()
