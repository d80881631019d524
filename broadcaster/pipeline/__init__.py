"""The way of an alert, one file a stage: issue, resolve, dispatch, deliver, track; enter is its other direction.

Each stage is a function of one step that tests call directly; ``broadcaster.workers`` runs the loops.
"""
