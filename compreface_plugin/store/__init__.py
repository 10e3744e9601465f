"""One SQLite file that holds the truth: people, faces, runs and the journal of changes to Stash.

store = Store.open(data_dir)        # migrates; refuses newer and damaged files
with store.transaction(): ...       # everything inside, or nothing
"""
