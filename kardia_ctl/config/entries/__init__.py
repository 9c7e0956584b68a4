"""What files declare beside patients: who moved, what was decided, who departs."""
