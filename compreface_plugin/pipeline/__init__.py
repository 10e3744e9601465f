"""How a run goes: batches with pauses, looking at pictures, judging faces, and the journal that writes to Stash."""
