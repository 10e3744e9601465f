"""The state of the plugin below its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ui.conftest import Click


def test_health_in_the_settings_of_this_plugin_alone(click: Click) -> None:
    seen = click("settings/health")
    assert seen["panels"] == 1
    assert "Stash" in seen["checks"]
    assert "Models" in seen["checks"]
    assert seen["violations"] == []
