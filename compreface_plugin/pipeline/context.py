"""Everything a task may need, assembled by `app` and handed down. Nothing in here is global."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.domain.worked import Step
from compreface_plugin.pipeline.journal import Journal

if TYPE_CHECKING:
    from compreface_plugin.compreface.faces import Measure
    from compreface_plugin.compreface.open import CompreFace
    from compreface_plugin.compreface.probe import Probe
    from compreface_plugin.domain.faces import Picture
    from compreface_plugin.domain.timing import Frame
    from compreface_plugin.engine.catalogue import PackState
    from compreface_plugin.host.lease import Lease
    from compreface_plugin.media.video import VideoFile
    from compreface_plugin.ports import CancelToken, Clock, FaceEngine, Progress
    from compreface_plugin.settings import Settings
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.stash.records import ImageRecord
    from compreface_plugin.stash.scenes import SceneRecord
    from compreface_plugin.stopwatch import Stopwatch
    from compreface_plugin.store.store import Store


@dataclass(frozen=True, slots=True)
class Setup:
    """What a person who sets the plugin up asks about: Stash, model packs, devices, CompreFace."""

    stash_address: str
    packs: Callable[[], tuple[PackState, ...]]
    install_pack: Callable[[str, str | None, Callable[[str, int, int], None]], Path]  # name, mirror, progress
    devices: Callable[[str], tuple[str, ...]]  # by the package a pack needs; loads it
    sees_nvidia: Callable[[], bool]
    probe_compreface: Callable[[], Probe]


@dataclass(slots=True)
class Context:
    """One call of the plugin. The engine is opened on first use: an operation that needs none loads no model."""

    args: Mapping[str, object]
    settings: Settings
    data_dir: Path
    plugin_dir: Path
    plugin_id: str
    exclusive: bool  # a task that holds the lock of the data folder; False: an operation, maybe beside a task
    lease: Lease  # tells others that this process lives, and this one whether others do
    log: Progress
    cancel: CancelToken
    clock: Clock
    steps: Stopwatch  # what time is spent on; everything below that takes time tells it
    store: Store
    library: StashLibrary
    stash_version: str
    setup: Setup
    open_engine: Callable[[Context], FaceEngine]  # the pinned one
    open_pack: Callable[[str], FaceEngine]
    open_compreface: Callable[[], CompreFace]
    compreface_answers: Callable[[], bool]
    measure: Callable[[], Measure]  # quality of a face, the same for every engine
    installed_packs: Callable[[], tuple[str, ...]]
    load_picture: Callable[[ImageRecord], Picture]  # raises ItemError, RunError
    decode: Callable[[bytes, str], Picture]  # bytes and where they come from; raises ItemError
    task_holder: Callable[[], Mapping[str, object] | None]  # who works on the data folder, None when nobody does
    ask_to_stop: Callable[[str | None], object]
    open_video: Callable[[SceneRecord | ImageRecord], VideoFile]  # of a scene or clip; raises ItemError, DecoderMissing
    sprite_tiles: Callable[[SceneRecord], list[Frame]]  # Stash's preview pictures; raises ItemError, RunError
    bind_run: Callable[[str], None]  # names the run in hand, to those who would stop it or look who works
    _engine: FaceEngine | None = field(default=None, init=False)
    _compreface: CompreFace | None = field(default=None, init=False)

    @property
    def engine(self) -> FaceEngine:
        """The pinned engine (pinned now, if this is the first use). Raises ModelUnavailable or SettingsError."""
        if self._engine is None:
            with self.steps.of(Step.LOAD, things=0):
                self._engine = self.open_engine(self)
        return self._engine

    @property
    def compreface(self) -> CompreFace:
        """The CompreFace server. Raises SettingsError, ServiceUnavailable."""
        if self._compreface is None:
            self._compreface = self.open_compreface()
        return self._compreface

    def compreface_engine(self) -> FaceEngine:
        return self.compreface.engine(self.measure())

    @property
    def journal(self) -> Journal:
        return Journal(self.store, self.library, self.log, self.lease, self.cancel)

    def close(self) -> None:
        """Ends the engine's workers and closes the store. Idempotent."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._compreface is not None:
            self._compreface.close()
            self._compreface = None
        self.store.close()
