"""What a list would change, for a terminal."""

import click

from broadcaster.commands.failing import Stop
from broadcaster.commands.showing import number
from broadcaster.commands.wording import many, say, say_many
from broadcaster.register.planning import Plan

_SHOWN = 20


def show_plan(made: Plan) -> None:
    gaps = {
        "new": number(made.new),
        "changed": number(made.changed),
        "unchanged": number(made.unchanged),
        "refused": number(made.refused_lines),
    }
    click.echo(
        many(
            "%(n)s line: %(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused",
            "%(n)s lines: %(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(refused)s refused",
            made.lines,
            **gaps,
        )
    )
    if made.by_name:
        told = many(
            "%(n)s person is in the register already", "%(n)s people are in the register already", made.recognised
        )
        say("the list has no ids: a name and a contact say who is who; %(told)s", told=told)
    if made.new_groups:
        names = ", ".join(made.group_names[slug] for slug in made.new_groups)
        say("new groups: %(names)s", names=names)
    say_many(
        "%(n)s person asked to be left out. Nothing of them is written.",
        "%(n)s people asked to be left out. Nothing of them is written.",
        made.left_out,
    )
    say_many(
        "%(n)s number or address is not taken over: its owner asked for that. The rest of the line is.",
        "%(n)s numbers or addresses are not taken over: their owners asked for that. The rest of the lines is.",
        made.not_taken,
    )
    say_many(
        "%(n)s person of earlier lists is not in this one, and kept",
        "%(n)s people of earlier lists are not in this one, and kept",
        made.missing,
    )
    say_many(
        "warning: %(n)s person has no contact at all, not even a device: no alert will reach them",
        "warning: %(n)s people have no contact at all, not even a device: no alert will reach them",
        made.without_contact,
    )
    if made.overlooked:
        say(
            "warning: these columns seem to hold telephones or e-mail addresses, and are not used: %(columns)s",
            columns=", ".join(made.overlooked),
        )
    say_many(
        "warning: %(n)s id was rounded by a spreadsheet, as 2,40016E+11: take it from its source",
        "warning: %(n)s ids were rounded by a spreadsheet, as 2,40016E+11: take them from their source",
        made.mangled,
    )
    if made.removed.total:
        say("would be removed: %(what)s", what=removed(made))
    lines = ", ".join(map(str, made.undone[:_SHOWN]))
    say_many(
        "warning: %(n)s line would undo what its person had corrected: %(lines)s",
        "warning: %(n)s lines would undo what their people had corrected: %(lines)s",
        len(made.undone),
        lines=f"{lines}, …" if len(made.undone) > _SHOWN else lines,
    )
    say_many("%(n)s address to look up", "%(n)s addresses to look up", made.addresses)
    say_many(
        "warning: %(n)s person has no address and no coordinates: no circle will reach them",
        "warning: %(n)s people have no address and no coordinates: no circle will reach them",
        made.placeless,
    )
    say_many(
        "warning: %(n)s place is more than 100 km from the station: are lon and lat swapped?",
        "warning: %(n)s places are more than 100 km from the station: are lon and lat swapped?",
        made.far,
    )
    if made.lines == 0:
        raise Stop("only-a-header")


def removed(made: Plan) -> str:
    contacts, homes, memberships = made.removed
    return ", ".join(
        (
            many("%(n)s contact", "%(n)s contacts", contacts),
            many("%(n)s home", "%(n)s homes", homes),
            many("%(n)s membership of a group", "%(n)s memberships of groups", memberships),
        )
    )
