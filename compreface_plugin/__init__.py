"""Face recognition for the Stash media server. See docs/architecture.md for the floors of this house."""

__version__ = "3.0.0"
