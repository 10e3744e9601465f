"""Values and decisions: faces, people, similarity, verdicts. Imports numpy and the standard library, nothing else."""
