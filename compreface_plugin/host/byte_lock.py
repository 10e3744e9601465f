"""A lock on one byte of a file, which its process loses however it ends.

Record locks, not flock: a forked worker must not keep the lock of a killed parent alive.
"""

from __future__ import annotations

import os

from compreface_plugin.domain.errors import StoreError


def lock_byte(descriptor: int, byte: int, *, exclusive: bool) -> bool:
    """False while another process holds the byte. Not `exclusive`: the byte is shared by all who only look, so that two
    who look do not take each other for its owner. Raises StoreError where files cannot be locked."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, byte, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.lockf(descriptor, kind | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise StoreError(
            f"The data folder's file system cannot lock files ({error.strerror}); set dataDir to a local folder."
        ) from error
    return True


def unlock_byte(descriptor: int, byte: int) -> None:
    if os.name == "nt":
        import msvcrt

        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, byte)
