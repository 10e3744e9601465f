"""The error tree. It answers one question: skip the item, or end the run?

PluginError             base of every error this package raises on purpose; str() is one sentence for the user
├── ItemError           this item cannot be handled; the run goes on
│   ├── UndecodableMedia    the bytes are no picture we can read (broken, empty, not a picture)
│   ├── PictureRefused      readable, but against a rule (too many megapixels, a clip)
│   ├── MediaUnavailable    the file or URL of this one item could not be read
│   └── PictureFailed, SubjectRefused, ExampleRefused    CompreFace fails on it, or refuses it (its trouble.py)
├── RunError            nothing further can be handled; what is committed stays
│   ├── SettingsError       a setting or argument has a value that is not allowed
│   ├── ServiceUnavailable  Stash or CompreFace does not answer (after the retries)
│   ├── NotAuthorised       it answers, but refuses our key or cookie
│   ├── ServiceRefused      it answers, and says no to a request that should work
│   ├── ModelUnavailable    weights missing or damaged, or the device cannot run them
│   ├── EmbeddingMismatch   embeddings of two models would have been compared
│   ├── StoreError          the data folder cannot be used
│   │   ├── StoreTooNew         written by a newer version of the plugin
│   │   └── StoreDamaged        the file is no healthy SQLite database of ours
│   └── AlreadyRunning      another task works on the same data folder
└── Cancelled           asked for by the user; never logged as an error
"""

from __future__ import annotations

from compreface_plugin.domain.sentences import Sentence


class PluginError(Exception):
    """Base. The message is one sentence: what was asked, what came back, what to do."""

    @property
    def sentence(self) -> str:
        """The message, a `Sentence` where it has a code."""
        return self.args[0] if self.args and isinstance(self.args[0], Sentence) else str(self)


class ItemError(PluginError):
    """This item cannot be handled; the run goes on. `code` is a short stable word for tables and statistics."""

    code = "item"


class UndecodableMedia(ItemError):
    """The bytes are no picture that can be read."""

    code = "undecodable"


class PictureRefused(ItemError):
    """The picture could be read but a rule forbids it."""

    code = "refused"


class MediaUnavailable(ItemError):
    """The bytes of this one item could not be had, from the path or over HTTP."""

    code = "unavailable"


class RunError(PluginError):
    """Nothing further can be handled. Everything committed before stays valid."""


class SettingsError(RunError):
    """A setting or argument is wrong. The message names it, its value and what is allowed."""


class ServiceUnavailable(RunError):
    """A server does not answer, after the retries."""


class NotAuthorised(RunError):
    """A server answers and refuses the key or cookie."""


class ServiceRefused(RunError):
    """A server answers and refuses a request that should work, with its own words in the message."""


class ModelUnavailable(RunError):
    """Model files are missing or damaged, or the chosen device cannot run them."""


class DecoderMissing(ModelUnavailable):
    """The package that decodes videos is not installed."""


class EmbeddingMismatch(RunError):
    """Embeddings of two models, or of two dimensions, would have been compared."""


class StoreError(RunError):
    """The data folder or its database cannot be used."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of the plugin."""


class StoreDamaged(StoreError):
    """The file is not a healthy database of ours. It is left as it is."""


class AlreadyRunning(RunError):
    """Another task works on the same data folder, or another call on the same run."""


class Cancelled(PluginError):
    """The user asked to stop. What is committed stays; the next start resumes."""
