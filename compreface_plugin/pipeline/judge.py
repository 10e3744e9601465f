"""From embeddings to verdicts: the gallery, the frozen cohort and the operating point of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import CandidateRecord, Verdict, VerdictRecord
from compreface_plugin.values import float_arg, int_arg

if TYPE_CHECKING:
    from compreface_plugin.domain.cohort import Cohort
    from compreface_plugin.domain.faces import EngineInfo, Float32
    from compreface_plugin.domain.matching import FaceMatch
    from compreface_plugin.pipeline.context import Context

COHORT_SOURCES = 20_000  # unknown faces considered for a cohort, best quality first: bounds time and memory


class Judge:
    """Decides about faces of one model. Make one per run with `judge_for`."""

    def __init__(
        self,
        context: Context,
        info: EngineInfo,
        run_id: str,
        performers: set[str] | None,
        cohort: Cohort | None,
        *,
        min_similarity: float | None = None,
        top_k: int = 5,
    ) -> None:
        from compreface_plugin.domain.matching import Gallery, Matcher
        from compreface_plugin.domain.operating_points import operating_point
        from compreface_plugin.pipeline.memory import Memory

        settings = context.settings
        accept = settings.min_similarity if min_similarity is None else min_similarity
        examples = context.store.people.gallery(info.model_id, info.dimensions, performers)
        gallery = Gallery.build(info.model_id, examples.embeddings, examples.subject_ids, examples.performer_ids)
        point = operating_point(info.model_id, info.pack)
        self._matcher = Matcher(
            point,
            gallery,
            cohort,
            min_similarity=accept,
            review_similarity=min(settings.review_similarity, accept),
            top_k=top_k,
        )
        self._model_id = info.model_id
        self._run_id = run_id
        self._performers = performers
        self.people = len(set(examples.performer_ids))
        self.memory = Memory(context.store, info.model_id, point, float(self._matcher.required_for_review), performers)

    def knows(self, performer_id: str) -> bool:
        """Whether the library has this performer (as far as the judge was told)."""
        return self._performers is None or performer_id in self._performers

    def verdicts(self, embeddings: Sequence[Float32]) -> list[VerdictRecord]:
        """One verdict per embedding (D,), in order; independent of what else is in the call."""
        if not embeddings:
            return []
        import numpy as np

        return [self._record(match) for match in self._matcher.match(np.stack(list(embeddings)))]

    def _record(self, match: FaceMatch) -> VerdictRecord:
        return VerdictRecord(
            verdict=Verdict(match.verdict.value),
            model_id=self._model_id,
            run_id=self._run_id,
            required=float(match.required),
            margin=match.margin,
            reason=match.reason,
            candidates=tuple(
                CandidateRecord(c.performer_id, int(c.subject_id), float(c.similarity)) for c in match.candidates
            ),
        )


def judge_of_one(context: Context, run_id: str) -> Judge:
    """For one item at once: the cohort of this moment; the arguments minSimilarity and topK may override."""
    info = context.engine.info
    return Judge(
        context,
        info,
        run_id,
        set(context.library.performer_names()),
        current_cohort(context, info),
        min_similarity=float_arg(context.args, "minSimilarity", context.settings.min_similarity),
        top_k=int_arg(context.args, "topK", 5, minimum=1, maximum=100),
    )


def frozen_cohort(context: Context, info: EngineInfo, run_id: str) -> Cohort | None:
    """The run's cohort: made from what the store knew when the run first asked, then the same for ever.

    Its faces are the enrolled people and the faces nobody was named for, one per distinct person.
    """
    from compreface_plugin.domain.cohort import Cohort

    kept = context.store.runs.cohort(run_id)
    if kept is not None:
        return Cohort.from_bytes(kept) if kept else None
    cohort = current_cohort(context, info)
    with context.store.transaction():
        context.store.runs.set_cohort(run_id, cohort.to_bytes() if cohort else b"")
    return cohort


def current_cohort(context: Context, info: EngineInfo) -> Cohort | None:
    """A cohort from what the store knows now, or None when it is too small to help."""
    from compreface_plugin.domain.cohort import build_cohort
    from compreface_plugin.domain.operating_points import operating_point

    store = context.store
    point = operating_point(info.model_id, info.pack)
    if point.normalisation is None:
        return None
    import numpy as np

    examples = store.people.gallery(info.model_id, info.dimensions)
    unknown = store.faces.unknown_embeddings(info.model_id, COHORT_SOURCES)
    rows = [*examples.embeddings, *(np.frombuffer(blob, dtype="<f4") for *_, blob in unknown)]
    embeddings = np.stack(rows) if rows else examples.embeddings
    keys = [f"performer {who}" for who in examples.performer_ids]
    keys += [f"{kind.value} {item}" for _, kind, item, *_ in unknown]
    people = [*examples.performer_ids, *([""] * len(unknown))]
    cohort = build_cohort(info.model_id, embeddings, keys, people, float(point.same_person_at))
    return cohort if len(cohort) >= point.normalisation.min_cohort else None
