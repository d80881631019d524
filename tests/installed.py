"""Installs the built wheel as a user does, without Node and outside the clone, and sends one sandboxed alert with it.

``python tests/installed.py dist/tocsin-….whl requirements/run.txt``: exits 1 with a sentence where something fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

READY_S = 60


def run(*command: str | Path, env: dict[str, str], cwd: Path) -> str:
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def served(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    sys.exit(f"tocsin serve was not up within {READY_S} s")


def main(wheel: Path, requirements: Path, port: int = 18473) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        venv = home / "venv"
        outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        run(sys.executable, "-m", "venv", venv, env=outside, cwd=home)
        pip = (venv / "bin/pip", "install", "-q", "--no-compile")  # most of them is never imported
        run(*pip, "--require-hashes", "-r", requirements, env=outside, cwd=home)
        run(*pip, "--no-deps", wheel, env=outside, cwd=home)
        env = outside | {"PATH": str(venv / "bin"), "TOCSIN_PORT": str(port), "TOCSIN_DATA_DIR": str(home / "data")}
        env["TOCSIN_URL"] = url = f"http://127.0.0.1:{port}"
        tocsin = venv / "bin/tocsin"
        run(tocsin, "migrate", env=env, cwd=home)
        run(tocsin, "seed", env=env, cwd=home)
        with (home / "log").open("wb") as log:
            service = subprocess.Popen([tocsin, "serve"], env=env, cwd=home, stdout=log, stderr=log)
        try:
            served(url, service)
            page = urllib.request.urlopen(f"{url}/s/laigle", timeout=10).read().decode()
            if "/static/resident-" not in page and "/static/public-" not in page:
                sys.exit("the pages of the wheel have no scripts and styles")
            said = run(
                *(tocsin, "send", "--station", "laigle", "--lat", "48.7631", "--lon", "0.6283", "--radius", "500"),
                *("--severity", "severe", "--headline", "Essai de la roue", "--yes", "--json"),
                env=env,
                cwd=home,
            )
        finally:
            service.terminate()
            service.wait(60)
        account = json.loads(said)["report"]
        if not account["matched"] or account["unaccounted"]:
            sys.exit(f"not everyone is accounted for: {account}")
        print(f"1 passed, 0 failed: the installed wheel accounted for {account['matched']:,} people")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
