"""(desired, observed, state, now) → Plan. Pure: no I/O, no clock, no environment."""
