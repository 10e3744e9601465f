"""The only file that knows tasks and the outside world both: builds what a mode needs and calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import Cancelled, PluginError, RunError
from compreface_plugin.domain.records import RunState
from compreface_plugin.domain.worked import Step
from compreface_plugin.host.clock import SystemClock
from compreface_plugin.host.data_dir import data_dir_path, prepare_data_dir
from compreface_plugin.host.lease import Lease
from compreface_plugin.host.lock import TaskLock, lock_holder
from compreface_plugin.host.process import Parent
from compreface_plugin.host.stop import StopSignal, StopToken, request_stop
from compreface_plugin.pipeline.context import Context, Setup
from compreface_plugin.pipeline.errand import keep_end, run_errand
from compreface_plugin.pipeline.pinning import open_pinned
from compreface_plugin.settings import Settings, parse_settings
from compreface_plugin.stash.client import Patience, StashClient
from compreface_plugin.stash.library import StashLibrary
from compreface_plugin.stopwatch import Stopwatch
from compreface_plugin.store.connection import store_errors
from compreface_plugin.store.store import Store
from compreface_plugin.tasks.router import Mode, mode_named
from compreface_plugin.values import float_arg, read_text

if TYPE_CHECKING:
    from compreface_plugin.compreface.faces import Measure
    from compreface_plugin.compreface.open import CompreFace
    from compreface_plugin.compreface.probe import Probe
    from compreface_plugin.domain.faces import Picture
    from compreface_plugin.domain.timing import Frame
    from compreface_plugin.engine.catalogue import PackState
    from compreface_plugin.host.log import StashLog
    from compreface_plugin.media.hardware import HardwareDecoder
    from compreface_plugin.media.video import VideoFile
    from compreface_plugin.ports import Clock, FaceEngine
    from compreface_plugin.request import Request
    from compreface_plugin.stash.records import ImageRecord
    from compreface_plugin.stash.scenes import SceneRecord

_OVERRIDABLE = (
    *("engine", "modelPack", "device", "hardwareDecoding", "cooldownSeconds", "maxBatchSize"),
    *("sceneFrameInterval", "maxSceneFrames"),
)
PLUGIN_ID = "compreface"  # the manifest's file name, which is what Stash calls the plugin by


def run(request: Request, log: StashLog) -> dict[str, Any]:
    """One call of the plugin, from the request to the result. Raises PluginError."""
    mode = mode_named(request.mode)
    signals = StopSignal()
    signals.listen()
    clock = SystemClock()
    steps = Stopwatch(clock.monotonic)
    with ExitStack() as opened:
        client = StashClient.connect(
            request.connection,
            log,
            stash_url=_stash_url(request),
            plugin_id=PLUGIN_ID,
            mask=log.mask,
            patience=Patience(wait=signals.sleep),
            steps=steps,
        )
        opened.callback(client.close)
        settings = parse_settings({**client.plugin_settings(PLUGIN_ID), **_overrides(request)})
        for secret in settings.secrets:
            log.mask(secret)
        data_dir = prepare_data_dir(data_dir_path(request.connection, settings.data_dir))
        try:
            token, lock = _token(opened, data_dir, request.mode, mode, signals)
            client.wait_with(token.wait)
            context = _context(opened, request, settings, data_dir, token, lock, client, log, clock, steps)
            with store_errors(context.store.path):
                return run_errand(context, partial(_call, request.mode, mode))
        except PluginError as error:
            state = RunState.CANCELLED if isinstance(error, Cancelled) else RunState.FAILED
            keep_end(data_dir, request.args, state, log.secrets.clean(str(error)), clock.now(), log)
            raise


def _call(name: str, mode: Mode, context: Context) -> dict[str, Any]:
    """A task begins and ends by settling what is owed elsewhere: to Stash by `execute`, to CompreFace here."""
    if not mode.exclusive:
        return mode.load()(context)
    from compreface_plugin.pipeline.mirror import settle

    if name != "undoRun":
        from compreface_plugin.tasks.takeover import take_over

        take_over(context)
    if name not in ("undoRun", "installModel"):
        from compreface_plugin.tasks.undo import finish_undo

        finish_undo(context)
    if name not in ("switchEngine", "undoRun", "installModel"):  # which may be the way from a server that is gone
        settle(context)
    result = mode.load()(context)
    try:
        settle(context)
    except RunError as error:  # the task itself is done, and what is owed to the server stays in the store
        context.log.warning(f"CompreFace will be brought up to date by the next task: {error}")
    return result


def _token(
    opened: ExitStack, data_dir: Path, name: str, mode: Mode, signals: StopSignal
) -> tuple[StopToken, TaskLock | None]:
    """A task's way to be stopped, and its lock. Raises AlreadyRunning when another task holds the lock."""
    if not mode.exclusive:
        return StopToken(None, 0, signals, Parent()), None  # stop files are meant for the task beside it
    lock = opened.enter_context(TaskLock(data_dir, name))
    return StopToken(data_dir, lock.since_ns, signals, Parent()), lock


def _bind(token: StopToken, lock: TaskLock | None, run_id: str) -> None:
    token.bind(run_id)
    if lock is not None:
        lock.name_run(run_id)


def _stash_url(request: Request) -> str | None:
    """Stash's address is needed before its settings can be read; so only the argument can override it at the start."""
    given = request.args.get("stashUrl")
    return read_text("The argument stashUrl", given) if given else None


def _overrides(request: Request) -> Mapping[str, object]:
    """Settings that a caller may override by an argument of the same name, for this call alone."""
    return {key: request.args[key] for key in _OVERRIDABLE if request.args.get(key)}


def _context(
    opened: ExitStack,
    request: Request,
    settings: Settings,
    data_dir: Path,
    token: StopToken,
    lock: TaskLock | None,
    client: StashClient,
    log: StashLog,
    clock: Clock,
    steps: Stopwatch,
) -> Context:
    library = StashLibrary(client)
    lease = Lease(data_dir)
    opened.callback(lease.release)
    context = Context(
        args=request.args,
        settings=settings,
        data_dir=data_dir,
        plugin_dir=request.connection.plugin_dir,
        plugin_id=PLUGIN_ID,
        exclusive=lock is not None,
        lease=lease,
        log=log,
        cancel=token,
        clock=clock,
        steps=steps,
        store=Store.open(data_dir),
        library=library,
        stash_version=client.version,
        setup=_setup(settings, data_dir, client.address.base),
        open_engine=open_pinned,
        open_compreface=partial(_open_compreface, request, settings, token, log, steps),
        compreface_answers=partial(_compreface_answers, settings),
        measure=_measure,
        open_pack=partial(_open_pack, settings, data_dir, steps),
        installed_packs=partial(_installed_packs, data_dir),
        load_picture=steps.timed(Step.OPEN, partial(_load_picture, settings, library)),
        decode=steps.timed(Step.OPEN, partial(_decode, settings)),
        task_holder=partial(lock_holder, data_dir),
        ask_to_stop=partial(request_stop, data_dir),
        open_video=steps.timed(Step.FRAMES, partial(_open_video, settings, _hardware(settings, log)), things=0),
        sprite_tiles=steps.timed(Step.FRAMES, partial(_sprite_tiles, library), things=0),
        bind_run=partial(_bind, token, lock),
    )
    opened.callback(context.close)
    return context


def _setup(settings: Settings, data_dir: Path, stash_address: str) -> Setup:
    return Setup(
        stash_address=stash_address,
        packs=partial(_packs, data_dir),
        install_pack=partial(_install_pack, data_dir),
        devices=_devices,
        sees_nvidia=_sees_nvidia,
        probe_compreface=partial(_probe_compreface, settings),
    )


def _packs(data_dir: Path) -> tuple[PackState, ...]:
    from compreface_plugin.engine.catalogue import catalogue

    return catalogue(data_dir)


def _install_pack(data_dir: Path, name: str, base_url: str | None, told: Callable[[str, int, int], None]) -> Path:
    from compreface_plugin.engine.install import install

    return install(name, True, data_dir / "models", base_url, told)


def _devices(needs: str) -> tuple[str, ...]:
    from compreface_plugin.engine.catalogue import devices

    return devices(needs)


def _sees_nvidia() -> bool:
    from compreface_plugin.engine.catalogue import sees_nvidia

    return sees_nvidia()


def _probe_compreface(settings: Settings) -> Probe:
    from compreface_plugin.compreface.probe import probe

    keys = {
        "recognition": settings.recognition_api_key,
        "detection": settings.detection_api_key,
        "verification": settings.verification_api_key,
    }
    return probe(settings.compreface_url, keys)


def _open_pack(settings: Settings, data_dir: Path, steps: Stopwatch, pack: str) -> FaceEngine:
    from compreface_plugin.engine.select import open_engine

    return open_engine(
        pack,
        data_dir=data_dir,
        device=settings.device or "",
        inference_batch=settings.inference_batch_size or 0,
        steps=steps,
    )


def _open_compreface(
    request: Request, settings: Settings, token: StopToken, log: StashLog, steps: Stopwatch
) -> CompreFace:
    from compreface_plugin.compreface.open import open_compreface
    from compreface_plugin.compreface.patience import LEAST_PATIENCE_S, PATIENCE_S, Patience, pauses

    asked = "comprefacePatienceSeconds"
    patience_s = float_arg(request.args, asked, PATIENCE_S, minimum=LEAST_PATIENCE_S, maximum=86_400.0)
    return open_compreface(
        settings.compreface_url,
        settings.recognition_api_key,
        detection_key=settings.detection_api_key,
        verification_key=settings.verification_api_key,
        log=log,
        patience=Patience(pauses(patience_s), token.wait),
        steps=steps,
    )


def _compreface_answers(settings: Settings) -> bool:
    from compreface_plugin.compreface.open import server_answers

    return server_answers(settings.compreface_url)


def _measure() -> Measure:
    from compreface_plugin.engine.quality import measure

    return measure


def _installed_packs(data_dir: Path) -> tuple[str, ...]:
    from compreface_plugin.engine.select import installed_packs

    return tuple(installed_packs(data_dir))


def _load_picture(settings: Settings, library: StashLibrary, image: ImageRecord) -> Picture:
    """From the file where it can be read here, else from Stash over HTTP. Raises ItemError, RunError."""
    from compreface_plugin.media.pictures import decode
    from compreface_plugin.media.sources import locate

    name = f"image {image.id} ({image.name})"
    path = settings.path_map.apply(image.files[0].path) if image.files else None
    archive = _archive_of(path) if path and image.files[0].in_archive else None
    readable = path if not image.files or not image.files[0].in_archive or archive else None
    source = locate(readable, archive=archive, fetch=partial(library.image_bytes, image))
    return decode(source, max_megapixels=settings.max_image_megapixels, name=name)


def _archive_of(path: str) -> str | None:
    """The file among the parents of a path inside an archive; None when it is not to be seen from here."""
    return next((str(parent) for parent in Path(path).parents if parent.is_file()), None)


def _hardware(settings: Settings, log: StashLog) -> HardwareDecoder | None:
    if settings.hardware_decoding is None:
        return None
    from compreface_plugin.host.process import bound_to_us
    from compreface_plugin.media.hardware import HardwareDecoder

    return HardwareDecoder(settings.hardware_decoding, log.warning, bound_to_us())


def _open_video(settings: Settings, hardware: HardwareDecoder | None, item: SceneRecord | ImageRecord) -> VideoFile:
    """The file of a scene or clip, to be decoded in a child that ends with us. Raises ItemError, DecoderMissing."""
    from compreface_plugin.domain.errors import MediaUnavailable
    from compreface_plugin.host.process import bound_to_us
    from compreface_plugin.media.video import VideoFile
    from compreface_plugin.stash.records import ImageRecord

    name = f"{'image' if isinstance(item, ImageRecord) else 'scene'} {item.id} ({item.name})"
    if not item.files:
        raise MediaUnavailable(f"{name}: Stash knows no file for it")
    decoder = hardware.name() if hardware else ""
    return VideoFile(settings.path_map.apply(item.files[0].path), name=name, bind=bound_to_us(), hardware=decoder)


def _sprite_tiles(library: StashLibrary, scene: SceneRecord) -> list[Frame]:
    """Stash's preview pictures of a scene. Raises ItemError where there are none, RunError."""
    from compreface_plugin.media.sprites import tiles

    vtt, sheet = library.scenes.bytes_of(scene.vtt_url), library.scenes.bytes_of(scene.sprite_url)
    return tiles(sheet, vtt, duration_s=scene.duration_s, name=f"scene {scene.id} ({scene.name})")


def _decode(settings: Settings, data: bytes, name: str) -> Picture:
    from compreface_plugin.media.pictures import decode

    return decode(data, max_megapixels=settings.max_image_megapixels, name=name)
