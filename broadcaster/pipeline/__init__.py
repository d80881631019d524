"""An alert's way, one file per stage: issue, resolve, dispatch, deliver, track; enter is the other direction.

Each stage is a function of one step that tests call directly; ``broadcaster.workers`` runs the loops.
"""
