"""The door. Stash starts this file with its own Python; everything goes on in the plugin's environment."""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__).replace("//", "/")))


def main():  # type: () -> int
    """Exit status 0 when there is a result, 1 when there is an error; the answer is written in both cases."""
    sys.path.insert(0, ROOT)
    from compreface_plugin.host.handover import clean_path, hand_over

    clean_path(ROOT)
    hand_over(ROOT)
    if sys.version_info < (3, 10):  # noqa: UP036  # Stash starts whatever python3 the machine has
        sys.stdout.write(
            '{"error": "The plugin needs Python 3.10 or newer and was started with '
            + sys.version.split()[0]
            + "; run install.sh in the plugin's folder with a newer one, or set Stash's Python path to it.\"}"
        )
        return 1
    from compreface_plugin.host.door import serve

    return serve()


if __name__ == "__main__":
    sys.exit(main())
