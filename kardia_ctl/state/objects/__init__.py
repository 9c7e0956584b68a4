"""State in an object store: a head that is compared and swapped, snapshots, and a log that fences itself."""
