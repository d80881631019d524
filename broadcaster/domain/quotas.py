"""Quotas for shared, anonymous resources."""

_FEW = 4


def exceeds_quota(mine: int, everyone: int, *, most_mine: int, most_everyone: int) -> bool:
    """Return whether a requester must wait who made ``mine`` of the ``everyone`` requests at a station.

    Half of the station's quota is open to all, up to ``most_mine`` each. The other half is for requesters below a
    quarter of that, so that a few addresses can't use it up.
    """
    most = most_mine if everyone * 2 < most_everyone else max(1, most_mine // _FEW)
    return mine >= most or everyone >= most_everyone
