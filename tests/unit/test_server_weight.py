"""The server's process stays light: no TensorFlow, no NumPy, no migrations."""

import subprocess
import sys

HEAVY = ("tensorflow", "tensorflow_serving", "numpy", "keras", "alembic", "segue_model")
MEASURE = """
import pathlib, re, sys, segue_server.__main__
status = pathlib.Path("/proc/self/status").read_text()
print(int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1]) // 1024)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_server_imports_nothing_heavy() -> None:
    done = subprocess.run(
        (sys.executable, "-c", MEASURE), capture_output=True, text=True, check=True
    )
    megabytes, modules = done.stdout.splitlines()
    assert not set(HEAVY) & set(modules.split())
    assert int(megabytes) < 150
