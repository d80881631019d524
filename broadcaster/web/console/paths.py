"""The address of the sign-in page, and the addresses it may redirect to."""

from urllib.parse import urlsplit

from broadcaster.http.sessions import PATH

SIGN_IN = f"{PATH}/sign-in"
GO_ON = f"{SIGN_IN}/go-on"


def own_path(path: str) -> str:
    """Return a console path only: a sign-in never redirects to another site."""
    try:
        parts = urlsplit(path)
    except ValueError:  # such as //[
        return PATH
    inside = parts.path == PATH or parts.path.startswith(f"{PATH}/")
    if parts.scheme or parts.netloc or not inside or "\\" in path or parts.path == SIGN_IN:
        return PATH
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
