"""What a user can start: one file a task, and `router` that maps a mode to it."""
