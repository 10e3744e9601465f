"""Bytes in, upright pictures out. Knows files, archives and picture formats; nothing of Stash or faces."""
