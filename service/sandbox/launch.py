"""Become another program that ends when its parent ends.

Run as a script by `service.sandbox.child`, with the standard library alone: `launch.py PARENT SIGNAL UID GID
COMMAND...`. A script instead of a hook between fork and exec, because such a hook may deadlock where the parent has
threads.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Drop to the user, ask the kernel for a signal at the parent's death, become the command."""
    parent, signal, uid, gid = (int(value) for value in argv[:4])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which would forget it again.
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel gives no death signal")
    if os.getppid() != parent:
        sys.exit(1)  # the parent died before it could be watched
    os.execvp(argv[4], argv[4:])


if __name__ == "__main__":
    main(sys.argv[1:])
