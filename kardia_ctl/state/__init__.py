"""Where state is kept, and the lock of its one writer. ``open_store`` is the way in."""

from kardia_ctl.state.open import open_store

__all__ = ["open_store"]
