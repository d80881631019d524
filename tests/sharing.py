"""How ``make test`` shares its tests out: whole files, those that may take longest first, and few browsers at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from xdist.scheduler import LoadGroupScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

_IN_BROWSERS = "tests/browser/"
_ALONE = "tests/chaos/"
"""Nothing is shared between these, and each waits for long: one by one, they begin side by side."""
_EVERY_WORKER = "1000"


class Sharing(LoadGroupScheduling):
    """Give a file to one worker, which sets up once what the file's tests share.

    The first ``BROWSERS_AT_ONCE`` workers begin with what wants a browser, and it is theirs alone.
    """

    def _split_scope(self, nodeid: str) -> str:
        group = super()._split_scope(nodeid)
        return group if group != nodeid or nodeid.startswith(_ALONE) else nodeid.partition("::")[0]

    def _assign_work_unit(self, node: WorkerController) -> None:
        has_browser = self.nodes.index(node) < int(os.environ.get("BROWSERS_AT_ONCE", _EVERY_WORKER))
        browsing = {scope: next(iter(tests)).startswith(_IN_BROWSERS) for scope, tests in self.workqueue.items()}
        found = [scope for scope, wants in browsing.items() if has_browser or not wants]
        if not found:
            node.shutdown()
            return
        self.workqueue.move_to_end(max(found, key=lambda scope: browsing[scope]), last=False)
        super()._assign_work_unit(node)
