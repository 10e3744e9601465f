"""The test Stash itself: one object that is a server, a library, a job queue and a launcher of plugins."""

from __future__ import annotations

import os
import shutil
import ssl
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from . import files
from .answers import Request
from .database import Row
from .faults import Faults
from .filling import Filling
from .hooks import Hooks
from .jobs import Job, JobQueue
from .library import Library
from .log import ServerLog
from .plugin_folder import PluginFolder
from .plugin_process import PluginProcess
from .schema import release, schema_of
from .session import SessionStore
from .web import RequestRecord, WebServer

_SCHEMA_NUMBERS = {(0, 28): 72, (0, 29): 72, (0, 30): 75, (0, 31): 76}


class TestStash(Filling):
    """Start with `with TestStash(folder) as stash:`; everything lives in `config_dir` and survives a restart.

    `plugins_dir` may be relative: it then counts from `working_dir` (the server's and every plugin's cwd, by default
    `config_dir/cwd`), and `{pluginDir}` is relative too. With `username` set, log-in is demanded. `api_key` is what
    the ApiKey header must say. `bind_host` is only told to plugins; the socket is always on 127.0.0.1.
    `log_line_cost_s` slows the log down, so that a backlog at exit is lost as in Stash.
    """

    __test__ = False  # not a test class, whatever pytest thinks of the name

    def __init__(
        self,
        config_dir: str | os.PathLike[str],
        *,
        plugins_dir: str | os.PathLike[str] | None = None,
        version: str = "v0.30.1",
        seed: int = 0,
        library_dirs: Sequence[str | os.PathLike[str]] = (),
        username: str = "",
        password: str = "secret",
        api_key: str = "",
        max_session_age_s: int = 3600,
        external_host: str = "",
        bind_host: str = "0.0.0.0",
        certificate: tuple[str, str] | None = None,
        python_path: str = "",
        working_dir: str | os.PathLike[str] | None = None,
        environment: dict[str, str] | None = None,
        log_line_cost_s: float = 0.0,
    ) -> None:
        self.config_dir = Path(config_dir).absolute()
        self.working_dir = Path(working_dir or self.config_dir / "cwd").absolute()
        self.generated_dir = self.config_dir / "generated"
        for folder in (self.config_dir, self.working_dir, self.generated_dir / "vtt"):
            folder.mkdir(parents=True, exist_ok=True)
        self.version, self.release = version, release(version)
        self.schema_number = _SCHEMA_NUMBERS[self.release]
        schema_of(self.release)
        self.library_dirs = [Path(folder).absolute() for folder in library_dirs]
        self.username, self.password, self.api_key = username, password, api_key
        self.external_host, self.bind_host, self.python_path = external_host, bind_host, python_path
        self.log_line_cost_s = log_line_cost_s
        self.scheme = "https" if certificate else "http"
        self.tls: ssl.SSLContext | None = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*certificate)
        self.tripwire = False
        self.ui_settings: Row = {}
        self.stash_boxes: dict[str, list[Row]] = {}  # endpoint -> the performers it knows
        self.log, self.faults = ServerLog(), Faults()
        self.broken: list[BaseException] = []  # exceptions of the test Stash itself: a test may assert it is empty
        self.sessions = SessionStore(max_session_age_s)
        self.library = Library(self.config_dir / "stash-go.sqlite", seed)
        self._settings_file = self.config_dir / "plugin-settings.yaml"
        self.plugin_settings: Row = self._read_settings()
        plugins = Path(plugins_dir) if plugins_dir is not None else None
        self._plugins_path = plugins
        self.plugins = PluginFolder(plugins, self.working_dir, self.log)
        self.hooks = Hooks(self)
        self.jobs = JobQueue(self.log)
        self.jobs.broken = self.broken
        self._environment = environment
        self._records: list[RequestRecord] = []
        self._lock = threading.Lock()
        self._processes: list[PluginProcess] = []
        self._web: WebServer | None = None
        self.port = 0

    # life

    def start(self) -> TestStash:
        """Listens; `.url` is known from here on."""
        if self._web is None:
            self._web = WebServer(self, self.port)
            self.port = self._web.port
        return self

    def stop(self) -> None:
        """Ends everything, plugins included. Idempotent."""
        self.go_down()
        self.jobs.close()
        with self._lock:
            processes = list(self._processes)
        for process in processes:
            if process.process.poll() is None:
                process.kill()
            process.finish(5)
        self.library.db.close()

    def __enter__(self) -> TestStash:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def go_down(self) -> None:
        """The server is gone: connections break, new ones are refused. Running plugins go on, as orphans do."""
        web, self._web = self._web, None
        if web is not None:
            web.close()

    def come_back(self) -> None:
        """Listens again on the same port."""
        self.start()

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    # requests seen

    def record(self, record: RequestRecord) -> None:
        """Called by the web server."""
        with self._lock:
            self._records.append(record)

    @property
    def requests(self) -> list[RequestRecord]:
        """All requests so far, in order of their answers."""
        with self._lock:
            return list(self._records)

    @property
    def graphql_requests(self) -> list[RequestRecord]:
        return [record for record in self.requests if record.path.partition("?")[0] == "/graphql"]

    @property
    def picture_requests(self) -> list[RequestRecord]:
        return [record for record in self.requests if record.path.partition("?")[0] != "/graphql"]

    @property
    def graphql_count(self) -> int:
        return len(self.graphql_requests)

    def reset_requests(self) -> None:
        """Forgets the requests seen."""
        with self._lock:
            self._records.clear()

    # plugins from Python

    def request(self) -> Request:
        """A request as a person at the browser would send it."""
        return Request(self, self.url, self.username)

    def run_task(self, plugin_id: str, task_name: str | None = None, args: Row | None = None) -> int:
        """Queues a plugin task; the job's id."""
        from .plugin_calls import _run_task

        return int(_run_task(None, self.request(), plugin_id, task_name, args_map=args))

    def wait_for_job(self, job_id: int, timeout_s: float = 120.0) -> Row:
        """The finished job as GraphQL shows it (`status`, `error`, `progress`, ...)."""
        return self.jobs.wait(job_id, timeout_s)

    def run_operation(self, plugin_id: str, args: Row | None = None) -> Any:
        """Runs a plugin operation and gives its output. Raises LibraryError with the plugin's error."""
        from .plugin_calls import _run_operation

        return _run_operation(None, self.request(), plugin_id, args)

    def track(self, process: PluginProcess) -> None:
        """Remembers a plugin process, so that stop() can end it."""
        with self._lock:
            self._processes.append(process)

    @property
    def plugin_processes(self) -> list[PluginProcess]:
        """All plugin processes ever started; `.process.pid`, `.document`, `.result`."""
        with self._lock:
            return list(self._processes)

    def plugin_environment(self) -> dict[str, str]:
        """What plugins inherit: the environment given, or this process's."""
        return dict(os.environ if self._environment is None else self._environment)

    # settings

    def _read_settings(self) -> Row:
        if not self._settings_file.exists():
            return {}
        found: Row = yaml.safe_load(self._settings_file.read_text("utf-8")) or {}
        return found

    def set_plugin_settings(self, plugin_id: str, settings: Row) -> None:
        """Replaces the whole map of one plugin."""
        place = self.plugin_settings
        *outer, last = plugin_id.split(".")  # a dotted path in config.yml: ids with dots end up nested
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = dict(settings)
        self._settings_file.write_text(yaml.safe_dump(self.plugin_settings, allow_unicode=True), "utf-8")

    def ffmpeg_paths(self) -> tuple[str, str]:
        """Resolved paths, blank when absent."""
        return shutil.which("ffmpeg") or "", shutil.which("ffprobe") or ""

    def general_settings(self) -> Row:
        """`configuration.general`."""
        config = self.config_dir
        return {
            "stashes": [{"path": str(p), "excludeVideo": False, "excludeImage": False} for p in self.library_dirs],
            "databasePath": str(config / "stash-go.sqlite"),
            "generatedPath": str(self.generated_dir),
            "metadataPath": str(config / "metadata"),
            "configFilePath": str(config / "config.yml"),
            "scrapersPath": str(config / "scrapers"),
            "pluginsPath": str(self._plugins_path or config / "plugins"),
            "cachePath": str(config / "cache"),
            "blobsPath": str(config / "blobs"),
            "blobsStorage": "FILESYSTEM",
            "ffmpegPath": "",
            "ffprobePath": "",
            "pythonPath": self.python_path,
            "parallelTasks": 1,
            "videoFileNamingAlgorithm": "OSHASH",
            "apiKey": self.api_key,
            "username": self.username,
            "password": "$2a$04$" + "." * 53 if self.username else "",
            "maxSessionAge": self.sessions.age_s,
            "logFile": "",
            "logLevel": "Info",
            "writeImageThumbnails": True,
            "videoExtensions": list(files.VIDEO_EXTENSIONS),
            "imageExtensions": list(files.IMAGE_EXTENSIONS),
            "galleryExtensions": list(files.ARCHIVE_EXTENSIONS),
            "customPerformerImageLocation": "",
            "stashBoxes": [
                {"endpoint": one, "api_key": "", "name": f"Box {n + 1}"} for n, one in enumerate(self.stash_boxes)
            ],
            "spriteScreenshotSize": 160,
            "useCustomSpriteInterval": False,
        }

    def scan(self, job: Job, paths: Sequence[str] | None, request: Request) -> None:
        """Adds new image and video files of the library folders; fires Create hooks with `input` null."""
        wanted = [Path(path) for path in paths or self.library_dirs]
        for start in wanted:
            for file in sorted(start.rglob("*")):
                if job.cancelled.is_set():
                    return
                self._scan_file(file, request)
        job.set_progress(1.0)

    def _scan_file(self, file: Path, request: Request) -> None:
        suffix = file.suffix.lower().lstrip(".")
        if not file.is_file() or file.stat().st_size == 0 or self._known(str(file)):
            return
        if suffix in files.IMAGE_EXTENSIONS:
            self._scan_image(file, None, request)
        elif suffix in files.VIDEO_EXTENSIONS:
            self.hooks.fire(request, "Scene.Create.Post", int(self.add_scene(file)), None, None)
        elif suffix in files.ARCHIVE_EXTENSIONS:
            with zipfile.ZipFile(file) as archive:
                inside = [name for name in archive.namelist() if name.lower().endswith(files.IMAGE_EXTENSIONS)]
            for name in inside:
                self._scan_image(file, name, request)

    def _known(self, path: str) -> bool:
        return self.library.db.row("SELECT id FROM file WHERE path = ?", [path]) is not None

    def _scan_image(self, file: Path, inner: str | None, request: Request) -> None:
        made = self.add_scanned_image(file, inner)
        if made is not None:
            self.hooks.fire(request, "Image.Create.Post", int(made), None, None)
