"""Four eyes: what waits for a second person, and from when on a station asks for one."""
