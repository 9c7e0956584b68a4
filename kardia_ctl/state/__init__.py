"""Where state is stored, and the single writer's lock. ``open.open_store`` is the way in."""
