"""A real PostgreSQL server for a test: made in a folder of its own, on a port of its own, and stopped again."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECRET = "s3cret-of-the-test"
USERS = ("postgres", "nobody")  # the server refuses to run as root


def binaries() -> Path | None:
    """The folder of the newest server that is installed; Debian does not put it on the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    found = [*([Path(on_path).parent] if on_path else []), *folders]
    return next((path for path in reversed(found) if (path / "pg_ctl").exists()), None)


@dataclass
class Server:
    """A server that runs, or does not for a moment."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://seedbed:{SECRET}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        self._pg_ctl("start", "-w", "-t", "60", "-l", log, "-o", options)

    def stop(self) -> None:
        """Ends it at once, with all connections."""
        self._pg_ctl("stop", "-m", "immediate", "-w")

    def create(self) -> None:
        password = self.folder / "password"
        password.write_text(SECRET)
        data = str(self.folder / "data")
        options = ["-U", "seedbed", "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-sync"]
        as_user(self.folder, "initdb", "-D", data, *options)
        password.unlink()

    def _pg_ctl(self, *arguments: str) -> None:
        as_user(self.folder, "pg_ctl", "-D", str(self.folder / "data"), *arguments)


def as_user(folder: Path, program: str, *arguments: str) -> None:
    """Runs a program of the server, as somebody else where this is root, who owns the folder then."""
    command = [str((binaries() or Path()) / program), *arguments]
    if os.getuid() == 0:
        import pwd

        names = [entry.pw_name for entry in pwd.getpwall()]
        user = pwd.getpwnam(next(name for name in USERS if name in names))
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        ids = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    else:
        ids = {}
    with (folder.parent / f"{folder.name}.said").open("a+") as said:  # a pipe would stay open with the server
        done = subprocess.run(command, cwd="/", stdout=said, stderr=said, timeout=120, **ids)
        said.seek(0)
        assert done.returncode == 0, said.read()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server in an empty folder that others can reach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Server(folder, free.getsockname()[1])
    server.create()
    server.start()
    try:
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            server.stop()
