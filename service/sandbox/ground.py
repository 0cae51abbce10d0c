"""Folders that a less privileged child can reach, without touching anybody else's permissions."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from service.sandbox.child import Identity, SandboxError, may_reach


def own_folder(path: Path, mode: int) -> Path:
    """Make `path`, or check that it is already ours alone to write. Raises SandboxError when it is not."""
    try:
        path.mkdir(mode=0o700)
        path.chmod(mode)  # whatever the umask took away
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise SandboxError(f"{path} is in the way: it is not a folder that only this user may change.") from None
    return path


def reachable_ground(identity: Identity | None, name: str) -> Path:
    """A folder of ours under the system's temporary folder that `identity` can walk through.

    The name is the same at every start, for the same `name` and user, so that data is found again.
    """
    key = hashlib.sha256(name.encode()).hexdigest()[:12]
    for parent in dict.fromkeys((Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))):
        if parent.is_dir() and os.access(parent, os.W_OK) and may_reach(identity, parent):
            return own_folder(parent / f"homeward-{os.geteuid()}-{key}", 0o711)
    raise SandboxError(
        "PostgreSQL does not run as root, and the unprivileged user can reach neither the data folder nor the system's "
        "temporary folder. Start the sandbox as an ordinary user, or choose a data folder with --data."
    )
