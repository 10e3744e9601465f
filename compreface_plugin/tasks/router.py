"""The modes: what may be asked for, where it is done, and what it needs. Modules are imported when they are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


@dataclass(frozen=True, slots=True)
class Mode:
    """`exclusive`: a task that alone may work on the data folder."""

    where: str  # module:function below compreface_plugin.tasks
    exclusive: bool = False

    def load(self) -> Callable[[Context], dict[str, Any]]:
        module, function = self.where.split(":")
        found: Callable[[Context], dict[str, Any]] = getattr(
            import_module(f"compreface_plugin.tasks.{module}"), function
        )
        return found


MODES: dict[str, Mode] = {
    "synchronizePerformers": Mode("synchronize:synchronize_performers", exclusive=True),
    "identifyImagesNew": Mode("identify_images:identify_new", exclusive=True),
    "identifyImagesAll": Mode("identify_images:identify_all", exclusive=True),
    "recognizeImagesHQ": Mode("recognize_images:recognize_hq", exclusive=True),
    "recognizeImagesLQ": Mode("recognize_images:recognize_lq", exclusive=True),
    "createPerformerFromImage": Mode("create_performer:create_performer"),
    "clusters": Mode("clusters:clusters"),
    "resetUnmatched": Mode("reset:reset_unmatched", exclusive=True),
    "resetUnmatchedImages": Mode("reset:reset_unmatched", exclusive=True),
    "undoRun": Mode("undo:undo_run", exclusive=True),
    "switchEngine": Mode("switch_engine:switch_engine", exclusive=True),
    "switchReport": Mode("switch_engine:switch_report"),
    "identifyImage": Mode("identify_image:identify_image"),
    "identifyGallery": Mode("identify_items:identify_gallery", exclusive=True),
    "identifyItems": Mode("identify_items:identify_items", exclusive=True),
    "galleryResult": Mode("gallery_people:gallery_result"),
    "galleryProposals": Mode("gallery_queue:gallery_proposals"),
    "decideGallery": Mode("gallery_people:decide_gallery"),
    "retryFailed": Mode("retry_failed:retry_failed", exclusive=True),
    "failures": Mode("runs:failures"),
    "proposals": Mode("proposals:proposals"),
    "decide": Mode("decide:decide"),
    "plans": Mode("plans:plans"),
    "plan": Mode("plans:plan"),
    "applyPlan": Mode("plans:apply"),
    "deletePlan": Mode("plans:delete"),
    "performerFaces": Mode("performer_faces:performer_faces"),
    "performerExamples": Mode("examples:performer_examples"),
    "recognizeNewScenes": Mode("scenes:recognize_new", exclusive=True),
    "recognizeScenes": Mode("scenes:recognize_new", exclusive=True),
    "recognizeAllScenes": Mode("scenes:recognize_all", exclusive=True),
    "recognizeNewSceneSprites": Mode("scenes:recognize_new_sprites", exclusive=True),
    "recognizeSceneSprites": Mode("scenes:recognize_new_sprites", exclusive=True),
    "recognizeAllSceneSprites": Mode("scenes:recognize_all_sprites", exclusive=True),
    "scanPartial": Mode("scenes:scan_partial", exclusive=True),
    "resetUnmatchedScenes": Mode("reset:reset_unmatched_scenes", exclusive=True),
    "identifyScene": Mode("scene_people:identify_scene"),
    "sceneFaces": Mode("scene_people:scene_faces"),
    "compareFaces": Mode("compare:compare_faces"),
    "duplicatePerformers": Mode("duplicates:duplicate_performers"),
    "mergePerformers": Mode("merge_performers:merge_performers", exclusive=True),
    "exportSubjects": Mode("transfer:export_subjects"),
    "importSubjects": Mode("transfer:import_subjects", exclusive=True),
    "calibrate": Mode("calibrate:calibrate"),
    "models": Mode("models:models"),
    "installModel": Mode("models:install_model", exclusive=True),
    "calibration": Mode("calibrate:calibration"),
    "health": Mode("health:health"),
    "stop": Mode("runs:stop"),
    "runStatus": Mode("runs:run_status"),
    "runs": Mode("runs:runs"),
    "statistics": Mode("statistics:statistics"),
    "faces": Mode("operations:faces"),
}


def mode_named(name: str) -> Mode:
    """Raises SettingsError that lists the modes."""
    if name not in MODES:
        asked = f"the mode {name!r} is unknown" if name else "no mode was given"
        raise SettingsError(f"{asked}; allowed is one of {', '.join(sorted(MODES))}")
    return MODES[name]
