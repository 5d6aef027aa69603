"""The server's process stays light: no TensorFlow, no NumPy, no migrations."""

import subprocess
import sys
from pathlib import Path

HEAVY = ("tensorflow", "tensorflow_serving", "numpy", "keras", "alembic", "segue_model")
MEASURE = """
import pathlib, re, sys, segue_server.__main__
status = pathlib.Path("/proc/self/status").read_text()
print(int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1]) // 1024)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

# Who imports the HTTP client when the first engine that needs it comes by the traffic file.
FIRST_HOSTED = """
import asyncio, json, pathlib, sys, threading
from segue_server.switching import Switchboard, TrafficWatch
from segue_server.domain.traffic import Traffic
from segue_server.traffic_settings import parse

class Importers:
    def find_spec(self, name, path=None, target=None):
        if name == "aiohttp":
            print(threading.current_thread() is threading.main_thread())

async def main():
    file = pathlib.Path(sys.argv[1])
    said = {"engines": {"content": "content"}, "default": "content"}
    content = json.dumps(said).encode()
    board = Switchboard("127.0.0.1:1", None)
    traffic = Traffic(board.lineup(parse(content)))
    watch = TrafficWatch(file, content, traffic, board)
    said["engines"]["hosted"] = "http://127.0.0.1:1/v1/models/content:predict"
    file.write_text(json.dumps(said))
    await watch.look()
    sys.meta_path.insert(0, Importers())
    await watch.look()
    await board.close()

asyncio.run(main())
"""


def test_the_http_client_is_imported_beside_the_event_loop(tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-c", FIRST_HOSTED, str(tmp_path / "traffic.json")),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False"]


def test_the_server_imports_nothing_heavy() -> None:
    done = subprocess.run(
        (sys.executable, "-c", MEASURE), capture_output=True, text=True, check=True
    )
    megabytes, modules = done.stdout.splitlines()
    assert not set(HEAVY) & set(modules.split())
    assert int(megabytes) < 150
