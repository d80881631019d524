"""A desktop that shows notifications to nobody: what Firefox puts before a person, and the person's finger.

A D-Bus session of its own (Debian's ``dbus-daemon``) with the service ``org.freedesktop.Notifications`` on it, as GNOME
or KDE have it (Desktop Notifications Specification 1.2). Firefox speaks to it by libnotify when it is started with
``environment`` and the preference ``alerts.useSystemBackend``::

    async with Desktop() as desktop:
        firefox = await playwright.firefox.launch(env=os.environ | desktop.environment, ...)
        ...
        notice = await desktop.shown(lambda each: "Risle" in each.title)
        await desktop.press(notice)             # the worker's notificationclick, as by a finger
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import open_dbus_connection

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "org.freedesktop.Notifications"
_US = DBusAddress("/org/freedesktop/Notifications", interface=_NAME)
_BY_THE_PERSON, _BY_THE_PROGRAM = 2, 3
_OWNED = 1


@dataclass(eq=False)
class Notice:
    """One notification as a person sees it; ``actions`` are the buttons' names by their keys."""

    id: int
    title: str
    text: str
    actions: dict[str, str] = field(default_factory=dict)
    hints: dict[str, Any] = field(default_factory=dict, repr=False)


class Desktop:
    """``standing`` is what is on the screen now, by id; ``notices`` all that ever was, in order."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.standing: dict[int, Notice] = {}
        self._news = asyncio.Condition()

    @staticmethod
    def lacking() -> str:
        """What this machine lacks for it, as a sentence; empty where it lacks nothing."""
        if sys.platform != "linux" or shutil.which("dbus-daemon") is None:
            return "install dbus-daemon and libnotify4 to see the notifications of a real Firefox"
        return ""

    @property
    def environment(self) -> dict[str, str]:
        return {"DBUS_SESSION_BUS_ADDRESS": self._address}

    async def __aenter__(self) -> Self:
        self._daemon = await asyncio.create_subprocess_exec(
            *("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it laments limits that a container does not let it raise
        )
        assert self._daemon.stdout is not None
        self._address = (await self._daemon.stdout.readline()).decode().strip()
        self._line = await open_dbus_connection(self._address)
        self._listening = asyncio.create_task(self._listen())
        await self._line.send(message_bus.RequestName(_NAME))
        await self.until(lambda: self._owned)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening
        await self._line.close()
        self._daemon.terminate()
        await self._daemon.wait()

    async def shown(self, like: Callable[[Notice], bool] = lambda _: True) -> Notice:
        """The newest notice on the screen that is like this, once there is one."""
        await self.until(lambda: any(like(each) for each in self.standing.values()))
        return [each for each in self.standing.values() if like(each)][-1]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something is true of this desktop; it is asked whenever anything changed on it."""
        async with self._news:
            await self._news.wait_for(holds)

    async def press(self, notice: Notice, action: str = "default") -> None:
        """Press the notice itself, or one of its buttons: it goes from the screen, and its program hears of it."""
        assert action in notice.actions, f"there is no {action!r} to press: {notice}"
        await self._line.send(new_signal(_US, "ActionInvoked", "us", (notice.id, action)))
        await self._close(notice.id, _BY_THE_PERSON)

    async def dismiss(self, notice: Notice) -> None:
        """Wipe it away unread."""
        await self._close(notice.id, _BY_THE_PERSON)

    _owned = False

    async def _listen(self) -> None:
        with contextlib.suppress(EOFError):  # the session ends before us
            while True:
                await self._heard(await self._line.receive())

    async def _heard(self, message: Message) -> None:
        kind, fields = message.header.message_type, message.header.fields
        if kind is MessageType.method_return and message.body == (_OWNED,):
            self._owned = True
        elif kind is MessageType.method_call:
            answer = await self._answer(message, fields.get(HeaderFields.member, ""))
            await self._line.send(answer)
        async with self._news:
            self._news.notify_all()

    async def _answer(self, message: Message, verb: str) -> Message:
        match verb:
            case "Notify":
                _program, replaced, _icon, title, text, actions, hints, _timeout = message.body
                number = replaced or len(self.notices) + 1
                pairs = dict(zip(actions[::2], actions[1::2], strict=True))
                notice = Notice(number, title, text, pairs, {name: each for name, (_, each) in hints.items()})
                self.notices.append(notice)
                self.standing.pop(number, None)
                self.standing[number] = notice
                return new_method_return(message, "u", (number,))
            case "CloseNotification":
                await self._close(message.body[0], _BY_THE_PROGRAM)
                return new_method_return(message)
            case "GetCapabilities":
                return new_method_return(message, "as", (["body", "actions", "persistence"],))
            case "GetServerInformation":
                return new_method_return(message, "ssss", ("nobody's desktop", "tests", "1", "1.2"))
        return new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", (f"no {verb} here",))

    async def _close(self, number: int, reason: int) -> None:
        if self.standing.pop(number, None) is not None:
            await self._line.send(new_signal(_US, "NotificationClosed", "uu", (number, reason)))
        async with self._news:
            self._news.notify_all()
