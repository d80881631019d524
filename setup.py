"""A wheel is built only with the pages and the communes' data in it. The rest of the build is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

MADE = {
    "broadcaster/web/static/manifest.json": "the pages (make pages)",
    "zones/communes.csv.xz": "the communes of France (make communes)",
}


class BuildWhole(build_py):
    """Refuses to build without what make makes. An editable install is made before it, and may go on."""

    def run(self) -> None:
        missing = [what for path, what in MADE.items() if not Path(path).is_file()]
        if missing and not self.editable_mode:
            raise SystemExit("This wheel would lack " + " and ".join(missing) + ". Build it with: make wheel")
        super().run()


setup(cmdclass={"build_py": BuildWhole})
