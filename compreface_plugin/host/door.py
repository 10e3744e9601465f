"""One start from the first descriptor to the last byte of log: the request in, one answer out, whatever
happens.

The application is imported behind the door, so that even a missing package becomes one sentence for the user.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path

from compreface_plugin.domain.errors import Cancelled, PluginError
from compreface_plugin.host.log import StashLog
from compreface_plugin.host.strays import route_strays
from compreface_plugin.host.wire import Answer, read_request

PACKAGE = "compreface_plugin"
APPLICATION = f"{PACKAGE}.app"
LONGEST_SAID = 300  # characters of a foreign exception's text


def serve(application: str = APPLICATION) -> int:
    """Reads the request, runs `application`.run(request, log), answers. Returns 0 for a result, 1 for an
    error.
    """
    answer = Answer.claim()
    log = StashLog()
    strays = route_strays(log.debug)
    try:
        status = _answer(answer, log, application)
    finally:
        strays.finish()
        log.close()
    return status


def _answer(answer: Answer, log: StashLog, application: str) -> int:
    try:
        request = read_request()
        log.mask(request.connection.cookie_value)
        answer.output(import_module(application).run(request, log))
        return 0
    except Cancelled as stopped:
        log.info(str(stopped))
        answer.output({"cancelled": True, "message": str(stopped)})
        return 0
    except KeyboardInterrupt:
        answer.output({"cancelled": True, "message": "Stopped by a signal before the work began."})
        return 0
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the door: nothing may leave as a traceback
        log.debug("".join(traceback.format_exception(error)))
        answer.error(log.secrets.clean(_sentence(error)))
        return 1


def _sentence(error: BaseException) -> str:
    """What the user is told."""
    if isinstance(error, PluginError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return (
            f"The Python package {error.name} is missing for {sys.executable}; "
            "run install.sh in the plugin's folder, then start the task again."
        )
    if isinstance(error, MemoryError):
        return "The machine ran out of memory; lower maxBatchSize or maxImageMegapixels and start again."
    said = " ".join(str(error).split())[:LONGEST_SAID]
    return f"Unexpected {type(error).__name__} in {_place(error)}: {said}; please report it."


def _place(error: BaseException) -> str:
    """Where an error arose, as file:line: the innermost frame of ours behind the door, otherwise the
    innermost.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if PACKAGE in Path(frame.filename).parts and frame.filename != __file__]
    frame = (ours or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
