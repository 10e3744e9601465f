"""The door: how Stash starts us, what it hands over, how it hears from us and how it stops us. Nothing of
faces.
"""
