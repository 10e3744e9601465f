"""models: which model packs there are, with their terms. installModel: a task that fetches one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.pipeline.pinning import COMPREFACE, read_pin
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.values import bool_arg, read_choice, str_arg

if TYPE_CHECKING:
    from compreface_plugin.engine.catalogue import PackState
    from compreface_plugin.pipeline.context import Context

MODE = "installModel"


def models(context: Context) -> dict[str, Any]:
    """Every pack, best first, and which one is in use (null: none was chosen yet). Loads no model."""
    pin = read_pin(context)
    in_use = pin.pack if pin is not None and pin.engine != COMPREFACE else None
    return {
        "engine": pin.engine if pin is not None else None,
        "inUse": in_use,
        "setting": context.settings.model_pack,
        "folder": str(context.data_dir / "models"),
        "packs": [_view(pack, in_use) for pack in context.setup.packs()],
    }


def _view(pack: PackState, in_use: str | None) -> dict[str, Any]:
    return {
        "name": pack.name,
        "what": pack.what,
        "sizeBytes": pack.size,
        "licence": pack.terms.licence,
        "terms": pack.terms.text,
        "source": pack.terms.source,
        "researchOnly": pack.research_only,
        "installed": pack.installed,
        "folder": pack.folder,
        "needs": pack.needs,
        "runnable": pack.runnable,
        "inUse": pack.name == in_use,
    }


def install_model(context: Context) -> dict[str, Any]:
    """Fetches `pack` into the data folder. `acceptTerms`: the person has seen and accepted its terms. `baseUrl`: a
    mirror that holds the files under their names."""
    packs = {pack.name: pack for pack in context.setup.packs()}
    name = read_choice("The argument pack", str_arg(context.args, "pack"), tuple(packs))
    pack = packs[name]
    if not bool_arg(context.args, "acceptTerms"):
        raise SettingsError(
            f"The model pack {name} is fetched only when its terms are accepted ({pack.terms.text}): give acceptTerms."
        )
    if not pack.runnable:
        raise SettingsError(
            f"The model pack {name} needs the Python package {pack.needs}, which is not installed here: run install.sh "
            "in the plugin's folder first."
        )
    where: dict[str, str] = {}
    result = execute(context, MODE, partial(_fetch, context, pack, where))
    return {**result, "pack": name, **where}


def _fetch(context: Context, pack: PackState, where: dict[str, str], run: ActiveRun) -> None:
    def told(_file: str, done: int, total: int) -> None:
        context.cancel.raise_if_cancelled()
        context.log.progress(done / total if total else 1.0)

    run.set_total(1)
    context.log.info(f"fetching the model pack {pack.name} ({pack.size / 1e6:.1f} MB)")
    folder = context.setup.install_pack(pack.name, str_arg(context.args, "baseUrl") or None, told)
    where["folder"] = str(folder)
    run.commit(lambda: None, cursor=0, counts={"seen": 1, "created": 1}, items=1)
    context.log.info(f"the model pack {pack.name} is installed in {folder}; the task Switch Engine moves to it")
