"""Fetch Twilio's own OpenAPI file, to check our requests against: ``python tests/servers/fetch_twilio_openapi.py``.

It is in the npm package ``@twilio/cli-core`` (MIT), 0.7 MB packed; only that one file is kept, and git ignores it.
Does nothing where it is there already.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@twilio/cli-core@8.3.2"
MEMBER = "package/src/services/twilio-api/twilio_api_v2010.json"
FILE = Path(__file__).parent / "twilio_openapi" / f"{PACKAGE.rpartition('@')[2]}.json"


def fetch() -> None:
    """Ask npm, with whatever registry it is set to, and keep the file; raises ``CalledProcessError``."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not here: our requests are not checked against Twilio's OpenAPI file", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        [archive] = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as members:
            source = members.extractfile(MEMBER)
            if source is None:
                sys.exit(f"{PACKAGE} holds no {MEMBER}")
            # Written beside and renamed: a fetch that is cut short leaves no half file to test against.
            part = FILE.with_suffix(".part")
            part.write_bytes(source.read())
            part.rename(FILE)


if __name__ == "__main__":
    if not FILE.exists():
        fetch()
