"""Invite: send an operator's one-time link by mail, while the inviter waits."""

from broadcaster.domain.stations import Station
from broadcaster.pipeline.operator_mail import send_mail, words_for
from broadcaster.pipeline.services import Services


async def send_invitation(services: Services, station: Station, operator_id: int, address: str, url: str) -> bool:
    """Send a link in the station's first language. Return False if no mail is configured, or it was not accepted."""
    words, name = words_for(station), station.plain_name
    said = words("You are invited to act for %(station)s. This link opens once, and is for you only:", station=name)
    subject = words("Your access to the alerts of %(station)s", station=name)
    return await send_mail(
        services, f"invitation.{operator_id}", address, station=station, subject=subject, said=said, url=url
    )
