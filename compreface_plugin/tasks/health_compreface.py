"""The connection to CompreFace as `health` tells it: addresses tried, model, and each key by itself.

Asked for real only when it is looked at closely (`deep`): a server that hangs would hold up every other check. Who
works with a local engine and set nothing up is not told about a server that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compreface_plugin.domain.sentences import sentence
from compreface_plugin.pipeline.pinning import COMPREFACE, read_pin
from compreface_plugin.tasks.health_result import FAULT, OK, WARNING, Check, Detail
from compreface_plugin.values import bool_arg, str_arg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compreface_plugin.compreface.probe import Probe
    from compreface_plugin.pipeline.context import Context

NAME = "compreface"
COPY_KEY = sentence("compreface.copy")


def compreface(context: Context) -> Check:
    settings, pin = context.settings, read_pin(context)
    keys = {
        "recognition": settings.recognition_api_key,
        "detection": settings.detection_api_key,
        "verification": settings.verification_api_key,
    }
    in_use = settings.engine == COMPREFACE or (pin is not None and pin.engine == COMPREFACE)
    concerned = in_use or any(keys.values())
    if not concerned and NAME not in str_arg(context.args, "only"):
        return Check(NAME, OK, sentence("compreface.unneeded"), tried=False)
    if bool_arg(context.args, "deep"):
        return _told(context.setup.probe_compreface(), keys, FAULT if concerned else WARNING)
    bad, step = (WARNING, COPY_KEY) if in_use and not keys["recognition"] else (OK, "")
    told = sentence("compreface.untried", count=sum(map(bool, keys.values())))
    return Check(NAME, bad, told, step, tuple(_key(kind, bool(key), None, bad) for kind, key in keys.items()), False)


def _told(found: Probe, keys: Mapping[str, str | None], bad: str) -> Check:
    """`bad`: how bad it is when no server is found, or no key is set."""
    tried = [Detail(t.base, bad if t.trouble else OK, t.trouble or sentence("compreface.answers")) for t in found.tried]
    if not found.base:
        return Check(NAME, bad, sentence("compreface.none"), sentence("compreface.start"), tuple(tried))
    model = [Detail("model", OK, found.model)] if found.model else []
    if found.core:
        model = [Detail("inference service", bad, sentence("core.silent", answer=found.core))]
    details = (*tried, *model, *(_key(kind, bool(key), found, bad) for kind, key in keys.items()))
    wrong = [trouble for trouble in (found.keys or {}).values() if trouble]
    if wrong:
        return Check(NAME, FAULT, sentence("compreface.refuses", address=found.base), wrong[0], details)
    if found.core:
        told, step = sentence("compreface.headless", address=found.base), sentence("compreface.core")
        return Check(NAME, bad, told, step, details)
    if not keys["recognition"]:
        return Check(NAME, bad, sentence("compreface.keyless", address=found.base), COPY_KEY, details)
    return Check(NAME, OK, sentence("compreface.works", address=found.base), "", details)


def _key(kind: str, given: bool, found: Probe | None, bad: str) -> Detail:
    """`found` None: it was not tried."""
    name = f"{kind} key"
    if not given:
        needed = kind == "recognition"
        return Detail(name, bad if needed else OK, sentence("key.missing" if needed else "key.unneeded"))
    if found is None:
        return Detail(name, OK, sentence("key.set"))
    trouble = (found.keys or {}).get(kind, "")
    return Detail(name, FAULT if trouble else OK, trouble or sentence("key.opens"))
