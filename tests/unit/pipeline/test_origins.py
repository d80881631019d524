"""What of the providers is shown in the metrics: few words, whatever hosts strangers name."""

from __future__ import annotations

from functools import partial

from prometheus_client import REGISTRY

from broadcaster.sending.origins import Origins
from channels.transport.breaker import Breaker, BreakerState
from channels.webpush import KNOWN_ORIGINS, service_of

CHANNEL = "push in test_origins"


def shown() -> dict[str, float]:
    return {
        sample.labels["provider"]: sample.value
        for metric in REGISTRY.collect()
        if metric.name == "tocsin_breaker_state"
        for sample in metric.samples
        if sample.labels["channel"] == CHANNEL
    }


def break_down(origins: Origins, name: str) -> None:
    origin = origins.of(name)
    for _ in range(50):
        origin.expect(0)
        flight = origin.start(0, lambda: None, lambda _: None)
        if flight is None:
            return
        flight.finish(well=False)


def test_each_host_is_told_by_the_rule_that_lets_it_in() -> None:
    assert service_of("https://fcm.googleapis.com", KNOWN_ORIGINS) == "fcm.googleapis.com"
    assert service_of("https://wns2-par02p.notify.windows.com", KNOWN_ORIGINS) == "*.notify.windows.com"
    assert service_of("https://api.push.apple.com", KNOWN_ORIGINS) == "*.push.apple.com"
    assert service_of("https://nobody.example", KNOWN_ORIGINS) == "other"
    assert service_of("http://127.0.0.1:81", ["http://127.0.0.1:81"]) == "http://127.0.0.1:81"


async def test_however_many_hosts_fail_the_metric_has_one_series_for_their_service_and_shows_the_worst() -> None:
    label = partial(service_of, origins=KNOWN_ORIGINS)
    origins = Origins(CHANNEL, label=label, breaker=lambda: Breaker(least=4))
    for n in range(40):
        break_down(origins, f"https://wns{n}.notify.windows.com")
    assert shown() == {"*.notify.windows.com": BreakerState.OPEN}
    origins.of("https://well.notify.windows.com")
    break_down(origins, "https://fcm.googleapis.com")
    assert shown() == {"*.notify.windows.com": BreakerState.OPEN, "fcm.googleapis.com": BreakerState.OPEN}
