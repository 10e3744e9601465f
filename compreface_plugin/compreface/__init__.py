"""A CompreFace 1.x server over REST: looks, subjects and examples. Needs requests, NumPy and Pillow; imported late."""
