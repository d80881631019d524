"""Quotas for shared, anonymous resources."""

_FEW = 4


def over(mine: int, everyone: int, *, most_mine: int, most_everyone: int) -> bool:
    """Return whether a requester who used ``mine`` of a station's ``everyone`` must wait.

    The requester is limited first and the station last: half of the station's share is for anyone, up to ``most_mine``
    each; the other half is for requesters below a quarter of that, so that a few addresses can't use it up.
    """
    most = most_mine if everyone * 2 < most_everyone else max(1, most_mine // _FEW)
    return mine >= most or everyone >= most_everyone
