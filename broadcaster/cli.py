"""The command line, ``tocsin``. Commands are imported on use; `tocsin --version` needs none."""

import importlib
from collections.abc import Mapping

import click

from broadcaster.commands.failing import Sentences
from broadcaster.commands.wording import spoken

COMMANDS: Mapping[str, str] = {
    "alert": "broadcaster.commands.alerts:alert",
    "audit": "broadcaster.commands.audit:audit",
    "backup": "broadcaster.commands.backups:backup",
    "doctor": "broadcaster.commands.doctor:doctor",
    "import": "broadcaster.commands.imports:import_",
    "init": "broadcaster.commands.init:init",
    "key": "broadcaster.commands.keys:key",
    "keys": "broadcaster.commands.rotation:keys",
    "map": "broadcaster.commands.map_tiles:map_",
    "migrate": "broadcaster.commands.database:migrate",
    "operator": "broadcaster.commands.operators:operator",
    "restore": "broadcaster.commands.backups:restore",
    "schedule": "broadcaster.commands.schedules:schedule",
    "seed": "broadcaster.commands.database:seed",
    "send": "broadcaster.commands.send:send",
    "serve": "broadcaster.commands.serving:serve",
    "station": "broadcaster.commands.stations:station",
    "vapid": "broadcaster.commands.identity:vapid",
}


class Commands(Sentences):
    """The commands of ``COMMANDS``, by name. ``in_words``: their help is in the terminal's language."""

    in_words = False

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's own signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as above
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return _in_words(command) if self.in_words else command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        shown = {"-h", "--help"} & set(rest) or (isinstance(command, click.Group) and not rest)
        return name, _in_words(command) if command is not None and shown else command, rest

    def get_help(self, ctx: click.Context) -> str:
        told = _in_words(self)
        if isinstance(told, Commands):
            told.in_words = told is not self
        ctx.formatter_class = told.context_class.formatter_class
        return click.Command.get_help(told, ctx)


def _in_words(command: click.Command) -> click.Command:
    if spoken() == "en":
        return command
    from broadcaster.commands.help_texts import in_words  # noqa: PLC0415  only for who reads another language

    return in_words(command)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Settings are TOCSIN_* in the environment, or in tocsin.env of the data folder; docs/operating.md has the"
    " table. `tocsin doctor` checks them.",
)
@click.version_option(package_name="tocsin", prog_name="tocsin")
def main() -> None:
    """Geofenced alerts: draw a circle, reach everyone concerned in it, account for every one of them."""
