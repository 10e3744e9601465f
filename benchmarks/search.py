"""Gallery search: 64 probes against 100,000 people of 512 dimensions, exact. Target: under 0.25 s on 2 cores.

    python -m benchmarks.search [--people 100000] [--dimensions 512] [--probes 64] [--cohort 0]

Times the whole of Matcher.match: search, exact scores, candidates and verdicts. Two people and a stranger among
the probes show that it searches. Memory is the process's high-water mark beyond the gallery itself.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from compreface_plugin.domain.cohort import Cohort
from compreface_plugin.domain.matching import Gallery, Matcher
from compreface_plugin.domain.operating_points import operating_point


def main() -> None:
    parser = argparse.ArgumentParser(description="Time an exact search.")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--probes", type=int, default=64)
    parser.add_argument("--cohort", type=int, default=0, help="normalise by this many faces (as with dlib)")
    parser.add_argument("--repeat", type=int, default=7)
    chosen = parser.parse_args()
    best, median, built, extra_mb = measure(
        chosen.people, chosen.dimensions, chosen.probes, chosen.cohort, chosen.repeat
    )
    print(
        f"{chosen.probes} probes x {chosen.people:,} people x {chosen.dimensions}: "
        f"{median * 1000:.0f} ms median, {best * 1000:.0f} ms best; "
        f"set-up {built:.1f} s once a run; {extra_mb:.0f} MB beyond the gallery"
    )


def measure(people: int, dimensions: int, probes: int, cohort: int, repeat: int) -> tuple[float, float, float, float]:
    """Best and median seconds a search, seconds of set-up, MB that searching took beyond the gallery."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((people, dimensions), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows.setflags(write=False)
    asked = rows[rng.integers(0, people, probes)] + 0.02 * rng.standard_normal((probes, dimensions), dtype=np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    pack = "light" if cohort else "buffalo_l"
    model_id = f"{pack}@0"
    others = rng.standard_normal((cohort, dimensions), dtype=np.float32)
    if cohort:
        others /= np.linalg.norm(others, axis=1, keepdims=True)
    names = tuple(str(i) for i in range(cohort))
    began = time.perf_counter()
    gallery = Gallery.build(model_id, rows, np.arange(people).tolist(), [str(i) for i in range(people)])
    matcher = Matcher(operating_point(model_id, pack), gallery, Cohort(model_id, others, names, ("",) * cohort))
    built = time.perf_counter() - began
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        found = matcher.match(asked)
        seconds.append(time.perf_counter() - began)
    assert all(match.best is not None and match.best.similarity > 0.9 for match in found), "the search missed somebody"
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return min(seconds), float(np.median(seconds)), built, extra / 1024


if __name__ == "__main__":
    main()
