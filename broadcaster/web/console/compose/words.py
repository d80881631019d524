"""Words for the new alert page's script."""

from broadcaster.domain.alerts import Severity
from broadcaster.domain.people import CHANNELS
from broadcaster.web.i18n import Words
from broadcaster.web.names import CHANNEL_ICONS
from broadcaster.web.severities import severity_words

Said = str | dict[str, str]


def severities(words: Words) -> list[dict[str, str]]:
    """Return each severity: name, label, when to use it, and its effects."""
    told = {
        Severity.EXTREME: (
            words("Lives are at risk now."),
            words("Goes before everything else. Wakes telephones: notification, SMS, call and e-mail."),
        ),
        Severity.SEVERE: (
            words("People may be hurt: they must act."),
            words("Goes before everything that is less serious: notification, SMS, call and e-mail."),
        ),
        Severity.MODERATE: (
            words("A risk, or a serious disruption."),
            words("Goes in its turn: notification, SMS and e-mail. No call."),
        ),
        Severity.MINOR: (
            words("Good to know, nobody is in danger."),
            words("Quiet: notification and e-mail. Nothing that costs money."),
        ),
    }
    return [
        {"name": name, "word": word, "when": told[Severity(name)][0], "does": told[Severity(name)][1]}
        for name, word in severity_words(words).items()
    ]


def channels(words: Words) -> list[dict[str, str]]:
    """Return each channel: name, label and icon."""
    return [{"name": each.value, "word": words.channel(each), "icon": CHANNEL_ICONS[each]} for each in CHANNELS]


def for_script(words: Words, *, authority: bool) -> dict[str, Said]:
    """Return the sentences that the script fills in."""
    return {**_places(words, authority=authority), **_reach(words), **_drafts(words), **_checks(words)}


def _places(words: Words, *, authority: bool) -> dict[str, Said]:
    around = {
        "around_place": words("within %(radius)s of %(place)s"),
        "around_point": words("within %(radius)s of the point chosen"),
        "around_you": words("within %(radius)s of the place where you are"),
        "around_centre": words("within %(radius)s of your station"),
        "around_far": words("within %(radius)s of a point %(far)s %(side)s of your station"),
    }
    if authority:
        around |= {
            "around_centre": words("within %(radius)s of the town hall"),
            "around_far": words("within %(radius)s of a point %(far)s %(side)s of the town hall"),
        }
    return {
        "closer": words("Closer"),
        "farther": words("Farther"),
        "metres": words("%(n)s metres"),
        "circle": words("Circle %(n)s"),
        "outline": words("Outline %(n)s"),
        "remove": words("Remove %(what)s"),
        "centre": words("Centre of the circle: arrow keys move it"),
        "edge": words("Edge of the circle: arrow keys change its radius"),
        "tap": words("Touch the map where it happens."),
        "find": words("Search for an address, or for where you are: the map is still empty."),
        "tap_corner": words("Touch each corner of the outline. %(n)s so far."),
        **around,
        "in_circles": words("in %(n)s circles"),
        "in_outline": words("in the outline drawn"),
        "in_shapes": words("in the %(n)s places drawn"),
        "in_territory": words("in the whole territory"),
        "in_groups": words("in %(groups)s"),
        "anywhere": words("wherever they are"),
        "sides": words("north|north-east|east|south-east|south|south-west|west|north-west"),
        "denied": words("Your device does not say where it is. Touch the map, or search for an address."),
        "no_place": words("Your device does not find where it is. Touch the map, or search for an address."),
        "nothing_found": words("Nothing found. Write a street and a village, or touch the map."),
        "no_search": words("The search for addresses does not work now. Touch the map."),
        "undrawn": words("Show on the map where it happens."),
    }


def _reach(words: Words) -> dict[str, Said]:
    return {
        "people": words("people"),
        "person": words("person"),
        "nobody": words("Nobody is concerned here. Make the area larger, or move it."),
        "others_about": words("%(own)s on your list, about %(n)s others"),
        "others_few": words("%(own)s on your list, fewer than %(n)s others"),
        "unconfirmed": words("about %(n)s unconfirmed sign-ups not counted"),
        "reach_later": words("The figures are not here yet. You can go on."),
        "p95_seconds": words("95% within %(n)s s"),
        "p95_minutes": words("95% within %(n)s min"),
        "p95_hours": words("95% within %(n)s h"),
        "free": words("free"),
        "segments": words.forms("%(n)s segment", "%(n)s segments"),
        **{name.value: words.channel(name) for name in CHANNELS},
        **{f"inside_{name.value}": words.channel(name, inside=True) for name in CHANNELS},
        "n_push": words("%(n)s by notification"),
        "n_sms": words("%(n)s by SMS (%(segments)s, %(cost)s)"),
        "n_voice": words("%(n)s by call (%(cost)s)"),
        "n_email": words("%(n)s by e-mail"),
        "figures": words(
            "%(people)s, %(without)s without contact, %(unused)s unused, %(opted_out)s out, %(paused)s paused, %(cost)s"
        ),
    }


def _drafts(words: Words) -> dict[str, Said]:
    return {
        "kept": words("Draft kept"),
        "not_kept": words("This browser keeps no drafts: do not close this page."),
        "offline": words("No network. Your draft is kept on this device; nothing was sent."),
        "signed_out": words("Your session ended. Nothing is lost: sign in again, and go on."),
        "sign_in": words("Sign in again"),
        "too_often": words("Too many requests at once. It goes on by itself."),
        "trouble": words("The service does not answer now. Your draft is kept; try again shortly."),
        "unfinished": words("You had begun “%(what)s”, %(when)s."),
        "untitled": words("an alert without a headline"),
        "left_chars": words.forms("%(n)s character left", "%(n)s characters left"),
        "over_chars": words.forms("%(n)s character too many", "%(n)s characters too many"),
        "replace": words("Replace the words that you wrote by those of this kind of alert?"),
        "choose_severity": words("Choose how serious it is."),
        "no_headline": words("Say in a few words what happens."),
        "no_channel": words("Choose at least one channel."),
        "no_group": words("Choose at least one group."),
        "no_day": words("Choose a day and an hour."),
        "no_text": words("There is no text in this language yet."),
    }


def _checks(words: Words) -> dict[str, Said]:
    return {
        "sends": words("Sends NOW to %(people)s %(where)s."),
        "sends_drill": words("Sends an EXERCISE NOW to %(people)s %(where)s."),
        "sends_test": words("Sends a TEST NOW to %(people)s %(where)s."),
        "n_people": words.forms("%(n)s person", "%(n)s people"),
        "about_people": words("about %(n)s people"),
        "few_people": words("fewer than %(n)s people"),
        "tally_reachable": words.forms("can be reached now", "can be reached now"),
        "tally_unused": words.forms(
            "has a number or address that this message does not use",
            "have a number or address that this message does not use",
        ),
        "tally_no_contact": words.forms("has no contact at all", "have no contact at all"),
        "tally_opted_out": words.forms("opted out: nothing is sent", "opted out: nothing is sent"),
        "tally_paused": words.forms("paused all messages", "paused all messages"),
        "visit": words("Go and see them: lives may depend on it."),
        "expected": words("expected cost"),
        "at_most": words("%(cost)s for one message to every contact"),
        "sent_sms": words.forms("%(n)s SMS", "%(n)s SMS"),
        "sent_voice": words.forms("%(n)s call", "%(n)s calls"),
        "about_share": words("about %(n)s%"),
        "first_message": words("First message: %(how)s"),
        "will_be_displayed": words("Seen: %(how)s"),
        "will_be_confirmed": words("Confirmed: %(how)s"),
        "add_channel": words("Add %(channel)s (%(cost)s)"),
        "sms_cut_short": words("shortened"),
        "warn_cut_description": words(
            "The SMS in %(language)s is too long: what is happening is shortened in it, what to do is not."
        ),
        "warn_cut_instruction": words("What to do is too long for an SMS in %(language)s: its end is cut. Shorten it."),
        "asleep": words.forms(
            "%(n)s person is in their quiet hours then, and it is over before these end.",
            "%(n)s people are in their quiet hours then, and it is over before these end.",
        ),
        "wakes_yes": words.forms(
            "Wake them: %(n)s person is told at once.", "Wake them: %(n)s people are told at once."
        ),
        "wakes_no": words.forms(
            "Let them sleep: %(n)s person never hears of it.", "Let them sleep: %(n)s people never hear of it."
        ),
        "choose_wakes": words("Choose first: wake people, or let them sleep?"),
        "warn_later": words.forms(
            "%(n)s person is told only when their quiet hours end. A serious danger would wake everybody.",
            "%(n)s people are told only when their quiet hours end. A serious danger would wake everybody.",
        ),
        "hear_now": words("%(n)s now"),
        "hear_later": words("%(n)s when their quiet hours end"),
        "hear_digest": words("%(n)s in their daily digest"),
        "hear_unwanted": words("%(n)s not at all: they want no such alert"),
        "hear_missed": words("%(n)s not at all: it is over before their quiet hours are"),
        "hear": words("They hear of it: %(how)s."),
        "warn_nobody": words("NOBODY is concerned. Check the area and the audience."),
        "warn_none_reached": words("NOBODY can be reached: none of those concerned has a contact by these channels."),
        "warn_slow": words("It will take %(n)s minutes until 95% have a first message."),
        "over_sms_sent": words.forms(
            "%(n)s SMS over your budget: sent anyway, because the alert is this serious.",
            "%(n)s SMS over your budget: sent anyway, because the alert is this serious.",
        ),
        "over_sms_stopped": words.forms(
            "%(n)s SMS will not be sent: your budget is used up.", "%(n)s SMS will not be sent: your budget is used up."
        ),
        "over_voice_sent": words.forms(
            "%(n)s call over your budget: made anyway, because the alert is this serious.",
            "%(n)s calls over your budget: made anyway, because the alert is this serious.",
        ),
        "over_voice_stopped": words.forms(
            "%(n)s call will not be made: your budget is used up.",
            "%(n)s calls will not be made: your budget is used up.",
        ),
        "warn_dear": words("The SMS in %(language)s takes %(n)s segments because of: %(signs)s."),
        "warn_sandbox": words("Sandbox: %(channels)s will send nothing. The messages are only shown."),
        "warn_no_instruction": words(
            "The text in %(language)s does not say what to do: its readers get that in %(own)s."
        ),
        "warn_no_question": words("The question is not asked in %(language)s: its readers get it in %(own)s."),
        "easy": words("Easy to read"),
        "warn_easy_unchanged": words("“What to do” was changed in %(language)s, but not the easy-to-read text."),
        "warn_one_changed": words(
            "The text in %(changed)s was changed, and the one in %(other)s was not: do both say the same?"
        ),
        "warn_missing": words("There is no text in %(language)s: its readers get the one in %(own)s."),
        "hold": words("Hold to send"),
        "hold_drill": words("Hold to send the EXERCISE"),
        "hold_test": words("Hold to send the TEST"),
        "hold_change": words("Hold to save"),
        "hold_later": words("Hold to schedule"),
        "schedules": words("To be sent later. Today it would go to %(people)s %(where)s."),
        "sending": words("Sending…"),
        "sent": words("Sent."),
        "lost": words("The network was lost while sending. Hold it again: it is sent once, never twice."),
        "sent_before": words("An earlier version of this alert was sent already. This one was not."),
        "as_new": words("Send this one too, as a new alert"),
        "see_it": words("See the alert that was sent"),
        "see_changed": words("See what changed"),
        "to_mend": words("Fix the errors first."),
        "until_date": words("until %(when)s"),
        "until_after": words("holds for %(span)s once it is sent"),
        "begins_date": words("begins %(when)s"),
        "rule_weekly": words("Every %(day)s"),
        "rule_nth": words("Every month, on the %(nth)s %(day)s"),
        "nth": words("first|second|third|fourth|last"),
        "cheaper": words.forms(
            "%(n)s segment in place of %(now)s, without: %(signs)s",
            "%(n)s segments in place of %(now)s, without: %(signs)s",
        ),
        "followers": words("Those who follow you, in the area"),
        "everyone": words("Everyone in the area, visitors too"),
        "all_followers": words("All who follow you, wherever they are"),
        "groups": words("Members of groups"),
    }
