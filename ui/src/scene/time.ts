type Span = readonly [start: number, end: number];

/** 75 -> "1:15", 3675 -> "1:01:15". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, place) => (place === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Spans with gaps below `gap` seconds closed, so that each is wide enough to be hit. Sorted by start. */
export function joined(spans: readonly Span[], gap: number): [number, number][] {
  const found: [number, number][] = [];
  for (const [start, end] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found[found.length - 1];
    if (last !== undefined && start - last[1] < gap) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}
