"""RFC 5545's examples (section 3.8.5.3), dateutil as a judge, summer time, and rules that are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import BadSchedule, Recurrence
from schedules.recurrence import instant_of

PARIS = "Europe/Paris"
NEW_YORK = "America/New_York"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SEPTEMBER = datetime(1997, 9, 2, 9)


def locals_of(recurrence: Recurrence, most: int) -> list[datetime]:
    zone = ZoneInfo(recurrence.zone)
    begin = instant_of(recurrence.start, recurrence.zone)
    found = islice(recurrence.after(begin, inclusive=True), most)
    return [each.astimezone(zone).replace(tzinfo=None) for each in found]


def days(year: int, **months: str) -> list[str]:
    """``days(1997, sep="2 3")``: the days as 1997-09-02, 1997-09-03."""
    names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return [f"{year}-{names.index(name) + 1:02}-{int(day):02}" for name, said in months.items() for day in said.split()]


EXAMPLES = [
    ("FREQ=DAILY;COUNT=10", days(1997, sep="2 3 4 5 6 7 8 9 10 11")),
    ("FREQ=DAILY;INTERVAL=2", days(1997, sep="2 4 6 8 10 12 14 16 18 20 22 24 26 28 30", oct="2 4")),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", days(1997, sep="2 12 22", oct="2 12")),
    ("FREQ=DAILY;UNTIL=19970906T000000Z", days(1997, sep="2 3 4 5")),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        days(1997, sep="3 5 15 17 19 29", oct="1 3 13 15 17 27 29 31", nov="10 12 14 24 26 28", dec="8 10 12 22"),
    ),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", days(1997, sep="2 4 9 11 16 18 23 25 30", oct="2")),
    (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        days(1997, sep="5", oct="3", nov="7", dec="5")
        + days(1998, jan="2", feb="6", mar="6", apr="3", may="1", jun="5"),
    ),
    ("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", days(1997, sep="5", oct="3", nov="7", dec="5")),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        days(1997, sep="7 28", nov="2 30") + days(1998, jan="4 25", mar="1 29", may="3 31"),
    ),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", days(1997, sep="15 30", oct="15 30", nov="15")),
    ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", [day for year in range(1998, 2003) for day in days(year, jun="2", jul="2")]),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        [day for year in (1999, 2001, 2003) for day in days(year, jan="2", feb="2", mar="2")] + days(2005, jan="2"),
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=7;BYYEARDAY=1,100,200",
        [
            day
            for year in (2000, 2003)
            for day in days(year, jan="1", apr="9" if year == 2000 else "10", jul="18" if year == 2000 else "19")
        ]
        + days(2006, jan="1"),
    ),
    ("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", days(1998, jun="4 11 18 25", jul="2 9 16 23 30", aug="6 13 20 27")),
    ("FREQ=WEEKLY;COUNT=10", days(1997, sep="2 9 16 23 30", oct="7 14 21 28", nov="4")),
    (
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        days(1997, sep="2 9 16 23 30", oct="7 14 21 28", nov="4 11 18 25", dec="2 9 16 23"),
    ),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", days(1997, sep="2 16 30", oct="14 28", nov="11 25", dec="9 23")),
    ("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", days(1997, sep="2 4 9 11 16 18 23 25 30", oct="2")),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", days(1997, sep="2 4 16 18 30", oct="2 14 16")),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        days(1997, sep="22", oct="20", nov="17", dec="22") + days(1998, jan="19", feb="16"),
    ),
    ("FREQ=MONTHLY;BYMONTHDAY=-3", days(1997, sep="28", oct="29", nov="28", dec="29") + days(1998, jan="29", feb="26")),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        days(1997, sep="2 15", oct="2 15", nov="2 15", dec="2 15") + days(1998, jan="2 15"),
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        days(1997, sep="30", oct="1 31", nov="1 30", dec="1 31") + days(1998, jan="1 31", feb="1"),
    ),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        days(1997, sep="10 11 12 13 14 15") + days(1999, mar="10 11 12 13"),
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        days(1997, sep="2 9 16 23 30", nov="4 11 18 25") + days(1998, jan="6 13 20 27"),
    ),
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        days(1998, feb="13", mar="13", nov="13") + days(1999, aug="13") + days(2000, oct="13"),
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        days(1997, sep="13", oct="11", nov="8", dec="13") + days(1998, jan="10"),
    ),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", days(1997, sep="4", oct="7", nov="6")),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        days(1997, sep="29", oct="30", nov="27", dec="30") + days(1998, jan="29"),
    ),
    (
        "FREQ=YEARLY;COUNT=4;BYDAY=20MO",
        days(1998, may="18") + days(1999, may="17") + days(2000, may="15") + days(2001, may="14"),
    ),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", days(1998, may="11") + days(1999, may="17") + days(2000, may="15")),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", days(1998, mar="5 12 19 26") + days(1999, mar="4 11 18 25")),
]


@pytest.mark.parametrize(("rule", "expected"), EXAMPLES, ids=[rule for rule, _ in EXAMPLES])
def test_an_example_of_the_rfc_gives_the_rfcs_days_at_nine_oclock(rule, expected):
    found = locals_of(Recurrence(SEPTEMBER, NEW_YORK, rule), len(expected))
    assert [f"{each:%Y-%m-%d}" for each in found] == expected
    assert {each.time() for each in found} == {SEPTEMBER.time()}
    if "COUNT" in rule or "UNTIL" in rule:
        assert len(locals_of(Recurrence(SEPTEMBER, NEW_YORK, rule), len(expected) + 1)) == len(expected)


def test_an_example_of_the_rfc_with_excluded_dates():
    left_out = frozenset({datetime(1997, 9, 9, 9), datetime(1997, 9, 16, 9)})
    found = locals_of(Recurrence(SEPTEMBER, NEW_YORK, "FREQ=WEEKLY;COUNT=4", left_out), 9)
    assert [f"{each:%m-%d}" for each in found] == ["09-02", "09-23"], "COUNT counts what is left out too"


def test_the_week_begins_where_the_rule_says():
    start = datetime(1997, 8, 5, 9)
    rule = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST="
    assert [each.day for each in locals_of(Recurrence(start, NEW_YORK, rule + "MO"), 9)] == [5, 10, 19, 24]
    assert [each.day for each in locals_of(Recurrence(start, NEW_YORK, rule + "SU"), 9)] == [5, 17, 19, 31]


def test_the_presidential_election_is_every_four_years():
    rule = "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8"
    found = locals_of(Recurrence(datetime(1996, 11, 5, 9), NEW_YORK, rule), 3)
    assert [f"{each:%Y-%m-%d}" for each in found] == days(1996, nov="5") + days(2000, nov="7") + days(2004, nov="2")


def test_rules_of_hours_and_minutes_of_the_rfc_fire_at_its_times():
    morning = datetime(1997, 9, 2, 9)
    for rule, times in (
        ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", "09:00 12:00 15:00"),
        ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", "09:00 09:15 09:30 09:45 10:00 10:15"),
        ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", "09:00 10:30 12:00 13:30"),
        ("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40", "09:00 09:20 09:40 10:00 10:20 10:40 09:00"),
        ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10", "09:00 09:20 09:40 10:00 10:20 10:40 09:00"),
    ):
        expected = times.split()
        found = locals_of(Recurrence(morning, NEW_YORK, rule), len(expected))
        assert [f"{each:%H:%M}" for each in found] == expected, rule


PARTS_OF_DATEUTILS_TESTS = [
    "", "INTERVAL=2", "INTERVAL=100", "BYMONTH=1,3", "BYMONTHDAY=1,3", "BYMONTH=1,3;BYMONTHDAY=5,7", "BYDAY=TU,TH",
    "BYDAY=1TU,-1TH", "BYDAY=3TU,-3TH", "BYMONTH=1,3;BYDAY=TU,TH", "BYMONTH=1,3;BYDAY=1TU,-1TH",
    "BYMONTH=1,3;BYDAY=3TU,-3TH", "BYMONTHDAY=1,3;BYDAY=TU,TH", "BYMONTH=1,3;BYMONTHDAY=1,3;BYDAY=TU,TH",
    "BYYEARDAY=1,100,200,365", "BYYEARDAY=-365,-266,-166,-1", "BYMONTH=4,7;BYYEARDAY=1,100,200,365",
    "BYMONTH=4,7;BYYEARDAY=-365,-266,-166,-1", "BYWEEKNO=20", "BYWEEKNO=1;BYDAY=MO", "BYWEEKNO=52;BYDAY=SU",
    "BYWEEKNO=-1;BYDAY=SU", "BYWEEKNO=53;BYDAY=MO", "BYHOUR=6,18", "BYMINUTE=6,18", "BYSECOND=6,18",
    "BYHOUR=6,18;BYMINUTE=6,18", "BYHOUR=6,18;BYSECOND=6,18", "BYMINUTE=6,18;BYSECOND=6,18",
    "BYHOUR=6,18;BYMINUTE=6,18;BYSECOND=6,18", "BYMONTHDAY=15;BYHOUR=6,18;BYSETPOS=3,-3",
    "BYDAY=TU,TH;BYHOUR=6,18;BYSETPOS=-1,1",
]  # fmt: skip


@pytest.mark.parametrize("freq", ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"])
def test_each_case_of_dateutils_own_tests_fires_as_dateutil_has_it(freq):
    judged = 0
    for said in PARTS_OF_DATEUTILS_TESTS:
        if freq == "MINUTELY" and any(part in said for part in ("YEARDAY", "WEEKNO", "MONTH")):
            continue  # dateutil goes through a year of minutes
        if freq not in {"YEARLY", "MONTHLY"} and "BYMONTHDAY=15" in said:
            continue  # no third time in any week or day: dateutil seeks it until the year 9999
        rule = f"FREQ={freq};COUNT=3" + (f";{said}" if said else "")
        expected = list(rrulestr(rule, dtstart=SEPTEMBER))
        begin = SEPTEMBER.replace(tzinfo=UTC)
        ours = Recurrence(SEPTEMBER, "UTC", rule).after(begin, inclusive=True)
        assert [each.replace(tzinfo=None) for each in ours] == [
            each for each in expected if each <= SEPTEMBER + timedelta(days=3652)
        ], rule
        judged += len(expected) == 3
    assert judged >= 10


@pytest.mark.parametrize(
    "rule",
    ["FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE,FR;BYSETPOS=1;WKST=SU", "FREQ=DAILY;INTERVAL=5", "FREQ=HOURLY;INTERVAL=7"],
)
def test_a_rule_that_began_years_ago_fires_as_if_all_times_since_were_gone_through(rule):
    start = datetime(2025, 5, 1, 7, 30)
    for hours in range(0, 24 * 40, 23):
        since = datetime(2026, 9, 1) + timedelta(hours=hours)
        expected = rrulestr(rule, dtstart=start).after(since)
        assert Recurrence(start, "UTC", rule).next_after(since.replace(tzinfo=UTC)) == expected.replace(tzinfo=UTC)


RULES = st.builds(
    lambda parts: ";".join(f"{name}={value}" for name, value in parts if value),
    st.tuples(
        st.tuples(st.just("FREQ"), st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"])),
        st.tuples(st.just("INTERVAL"), st.sampled_from(["", "1", "2", "3", "5", "13"])),
        st.tuples(st.just("BYMONTH"), st.sampled_from(["", "", "2", "1,7,12"])),
        st.tuples(st.just("BYMONTHDAY"), st.sampled_from(["", "", "29", "-1", "1,15,31"])),
        st.tuples(st.just("BYDAY"), st.sampled_from(["", "MO", "WE,SU", "TU,TH,SA"])),
        st.tuples(st.just("BYHOUR"), st.sampled_from(["", "", "7", "7,12,23"])),
        st.tuples(st.just("WKST"), st.sampled_from(["", "SU", "TH"])),
        st.tuples(st.just("COUNT"), st.sampled_from(["", "1", "7"])),
    ),
)


@settings(max_examples=150, deadline=None)
@given(RULES, st.datetimes(datetime(1995, 1, 1), datetime(2040, 1, 1)).map(lambda each: each.replace(microsecond=0)))
def test_dateutil_agrees_on_any_rule(rule, start):
    end = start + timedelta(days=1200)
    limited = rule if "COUNT" in rule else f"{rule};UNTIL={end:%Y%m%dT%H%M%S}"
    try:
        judge = rrulestr(limited, dtstart=start)
    except ValueError:  # an hour that the interval never comes to
        with pytest.raises(BadSchedule):
            Recurrence(start, "UTC", rule)
        return
    expected = [each for each in islice(judge, 20) if each <= end]
    ours = Recurrence(start, "UTC", rule).between(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
    assert [each.replace(tzinfo=None) for each in islice(ours, 20)] == expected


def test_half_past_seven_stays_half_past_seven_all_year():
    every = Recurrence(datetime(2026, 1, 1, 7, 30), PARIS, "FREQ=DAILY;COUNT=365")
    assert {each.time() for each in locals_of(every, 400)} == {datetime(2026, 1, 1, 7, 30).time()}
    assert len({each.hour for each in every.after(datetime(2026, 1, 1, tzinfo=UTC))}) == 2


@pytest.mark.parametrize(
    ("zone", "local", "after_it"),
    [
        (PARIS, datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (PARIS, datetime(2027, 3, 28, 2, 0), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (NEW_YORK, datetime(2027, 3, 14, 2, 59), datetime(2027, 3, 14, 7, 0, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 10), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 12, 0), datetime(2011, 12, 30, 10, 0, tzinfo=UTC)),
    ],
)
def test_a_time_in_a_missing_hour_runs_right_after_it(zone, local, after_it):
    assert instant_of(local, zone) == after_it


def test_a_time_in_the_repeated_hour_runs_once_and_the_first_time():
    every = Recurrence(datetime(2026, 10, 24, 2, 30), PARIS, "FREQ=DAILY;COUNT=3")
    assert list(every.after(datetime(2026, 10, 23, tzinfo=UTC))) == [
        datetime(2026, 10, 24, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    ]


def test_two_times_that_fall_on_one_instant_run_once():
    hourly = Recurrence(datetime(2027, 3, 28, 1, 0), PARIS, "FREQ=HOURLY;COUNT=4")
    assert [each.hour for each in hourly.after(datetime(2027, 3, 27, tzinfo=UTC))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "repeat-never"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", "repeat-never"),
        ("FREQ=DAILY;UNTIL=20200101", "repeat-never"),
        ("FREQ=MINUTELY", "repeat-too-often"),
        ("FREQ=SECONDLY", "repeat-too-often"),
        ("FREQ=DAILY;BYHOUR=7;BYMINUTE=0,30", "repeat-too-often"),
        ("FREQ=DAILY;COUNT=100000", "out-of-range part=COUNT"),
        ("FREQ=HOURLY;UNTIL=20350101", "repeat-too-many most=10000"),
        ("FREQ=DAILY;INTERVAL=0", "out-of-range part=INTERVAL"),
        ("FREQ=WEEKLY;BYDAY=XX", "repeat-unreadable"),
        ("FREQ=WEEKLY;UNTIL=20269999", "repeat-unreadable"),
        ("FREQ=WEEKLY;UNTIL=tomorrow", "repeat-until"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20270101", "repeat-two-ends"),
        ("FREQ=YEARLY;BYEASTER=0", "repeat-unreadable"),
        ("FREQ=WEEKLY;FREQ=DAILY", "repeat-unreadable"),
        ("every monday", "repeat-unreadable"),
        ("", "repeat-unreadable"),
        ("FREQ=WEEKLY;BYDAY=" + "MO," * 200, "text-too-long"),
    ],
)
def test_a_rule_that_can_not_be_is_refused(rule, problem):
    with pytest.raises(BadSchedule, match=problem) as refused:
        Recurrence(datetime(2026, 12, 7, 7, 30), PARIS, rule).check(NOW)
    assert refused.value.field == "repeat"


def test_a_past_date_and_an_unknown_zone_are_refused():
    with pytest.raises(BadSchedule, match="at-past"):
        Recurrence(datetime(2026, 11, 29, 12, 59), PARIS).check(NOW)
    for zone in ("Europe/Atlantis", "", "../../etc/passwd", "Europe"):
        with pytest.raises(BadSchedule, match="zone-unknown"):
            Recurrence(datetime(2027, 1, 1), zone)


def test_a_day_alone_as_the_end_is_meant_to_its_end_in_the_zone():
    every = Recurrence(datetime(2026, 12, 7, 7, 30), PARIS, "FREQ=WEEKLY;UNTIL=20261221")
    assert [each.day for each in every.after(NOW)] == [7, 14, 21]
    in_utc = Recurrence(datetime(2026, 12, 7, 7, 30), PARIS, "FREQ=WEEKLY;UNTIL=20261221T062900Z")
    assert [each.day for each in in_utc.after(NOW)] == [7, 14]


def test_an_occurrence_is_left_out_and_the_rest_stays():
    weekly = Recurrence(datetime(2027, 3, 14, 2, 30), PARIS, "FREQ=WEEKLY;COUNT=4")
    missing_hour = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    every = list(weekly.after(NOW))
    assert missing_hour in every
    assert list(weekly.without(missing_hour).after(NOW)) == [each for each in every if each != missing_hour]


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=6", "FREQ=WEEKLY;UNTIL=20270110", "FREQ=DAILY;INTERVAL=3"])
def test_a_schedule_split_at_any_occurrence_fires_as_before(rule):
    whole = Recurrence(datetime(2026, 12, 7, 7, 30), PARIS, rule)
    every = list(islice(whole.after(NOW), 6))
    for n, at in enumerate(every):
        earlier, later = whole.split(at)
        before = [] if earlier is None else list(earlier.after(NOW))
        assert before == every[:n]
        assert list(islice(later.after(NOW), 6 - n)) == every[n:]
    with pytest.raises(BadSchedule, match="occurrence-unknown"):
        whole.split(every[0] + timedelta(minutes=1))


def test_a_split_in_the_missing_hour_keeps_the_time_of_day():
    daily = Recurrence(datetime(2027, 3, 27, 2, 30), PARIS, "FREQ=DAILY")
    _, later = daily.split(datetime(2027, 3, 28, 1, 0, tzinfo=UTC))
    assert [each.hour for each in islice(later.after(NOW), 2)] == [1, 0]
    assert later.start == datetime(2027, 3, 28, 2, 30)
