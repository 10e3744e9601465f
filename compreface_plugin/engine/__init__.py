"""Local engines: find, measure and embed faces on this machine. `select.open_engine` is the only door."""
