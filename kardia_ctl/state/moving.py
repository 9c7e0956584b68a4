"""Moving a whole state to another place."""

from kardia_ctl.model.errors import StateError
from kardia_ctl.state.merging import is_free, marked_as_moved, rows_of, unmarked
from kardia_ctl.state.state_store import StateStore


def move(old: StateStore, new: StateStore) -> None:
    """Move everything: workspaces, audit log and snapshots. The locks of both are held.

    The new state is read back and compared before the old one is marked as moved; after that, reading the old
    one says where it went.

    Raises:
        StateError: something is recorded in the new place already, or what it holds differs; the old state is
            then as it was.
    """
    image = old.image()
    if not is_free(new.image()):
        raise StateError(
            f"{new.place} holds a state already. Nothing was written. Next: choose a place that is empty"
        )
    new.replace(unmarked(image))
    for name in old.archive.names():
        new.archive.write(name, old.archive.read(name))
    if rows_of(new.image()) != rows_of(unmarked(image)):
        raise StateError(f"what {new.place} holds differs from what was written. Next: use the old state")
    old.replace(marked_as_moved(image, new.place))
