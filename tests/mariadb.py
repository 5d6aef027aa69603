"""A MariaDB server of one's own, in a temporary folder, to be used, hung and killed by tests."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import pymysql

SERVER: Final = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
INSTALLER: Final = shutil.which("mariadb-install-db")
READY_SECONDS: Final = 20.0


class MariaDB:
    """A server on a free port of 127.0.0.1, whose databases outlive `stop` until `remove`.

    It is started with `options` beside those that make it quick.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self.port = _free_port()
        # Not pytest's folder: the server's own user cannot pass through that.
        self._folder = Path(tempfile.mkdtemp(prefix="segue-mariadb-"))
        self._folder.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None
        self._install()
        self.start()
        self.create_database("segue")

    @property
    def url(self) -> str:
        """The URL of the database `segue`."""
        return self.url_of("segue")

    def url_of(self, database: str) -> str:
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make an empty database in the place of any of that name; return its URL."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
        return self.url_of(name)

    def start(self) -> None:
        """Start on the same port as ever; return once it answers."""
        command = [
            *self._command(SERVER),
            *("--socket=socket", "--pid-file=pid", "--innodb-log-file-size=8M"),
            *("--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve"),
            *("--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", "--performance-schema=OFF"),
            *self._options,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait_until_ready()

    def stop(self) -> None:
        """Kill the server, without a word to its clients."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Have the server hang: connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)
        # The signal is out before the last thread has stopped, and that one may still answer.
        while self._process is not None and not _is_stopped(self._process.pid):
            time.sleep(0.001)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def _command(self, program: str | None) -> list[str]:
        if program is None:
            raise FileNotFoundError("MariaDB is not installed: apt-get install mariadb-server")
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        return [program, "--no-defaults", f"--datadir={self._folder}/data", *user]

    def _install(self) -> None:
        command = [
            *self._command(INSTALLER),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
            "--innodb-log-file-size=8M",
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def _wait_until_ready(self) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while True:
            try:
                self._connect().close()
            except pymysql.MySQLError as error:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > give_up:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"MariaDB did not start:\n{log}") from error
                time.sleep(0.02)
            else:
                return

    def _connect(self) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", connect_timeout=2, read_timeout=10
        )

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def is_installed() -> bool:
    return SERVER is not None and INSTALLER is not None


def _is_stopped(pid: int) -> bool:
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    states = [each.read_text(encoding="utf-8").rpartition(")")[2].split()[0] for each in threads]
    return set(states) == {"T"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
