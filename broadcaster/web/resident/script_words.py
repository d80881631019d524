"""Words for residents' scripts, delivered with the page so that all words are in one place."""

from collections.abc import Mapping

from broadcaster.web.i18n import Words
from broadcaster.web.severities import severity_words
from broadcaster.web.topics import topic_words


def script_words(words: Words) -> Mapping[str, str]:
    """Return the sentences by the short names that scripts use."""
    return {**_trouble(words), **_signing_up(words), **_places(words), **_mine(words), **_trials(words), **_here(words)}


def _trouble(words: Words) -> Mapping[str, str]:
    return {
        "offline": words("No network for the moment. What you entered is kept, and is sent by itself."),
        "failed": words("That did not work. Try again in a minute."),
        "too_many": words("Too many codes were asked for. Wait an hour, or use another way."),
        "stale": words("No network. This is what was known at %(time)s."),
    }


def _signing_up(words: Words) -> Mapping[str, str]:
    return {
        "bad_phone": words("This number can’t be read. Write it as in 06 12 34 56 78."),
        "bad_country": words("Numbers of this country can’t be signed up here. Give an e-mail address instead."),
        "bad_mail": words("This e-mail address can’t be read. Write it as in name@example.org."),
        "code_sent_sms": words("We have sent an SMS to %(to)s."),
        "code_sent_voice": words("We are calling %(to)s, and will say a code."),
        "code_sent_email": words("We have sent an e-mail to %(to)s. Enter its code, or open its link."),
        "code_wrong": words("This is not the code. Tries left: %(n)s."),
        "code_digits": words("The code has six digits."),
        "code_over": words("This code is no longer valid. Ask for another."),
        "code_unsent": words("The message could not be sent. Try again, or use another way."),
        "again_in": words("Send it again (in %(n)s s)"),
        "again": words("Send it again"),
        "name_needed": words("Write your name, as on the list."),
        "correction_needed": words("Write what is wrong, and what is right."),
        "correction_sent": words(
            "Your request has been sent. You will get the answer by %(day)s,"
            " at the number or address that you confirmed."
        ),
        "counter": words("You have other contacts here, or share this one: ask the town hall to erase you."),
        "asking": words("Now press “Allow”."),
        "denied": words("Notifications are blocked for this site. Choose another way, or allow them in your browser."),
        "dismissed": words("The question was closed. Press again, then “Allow”."),
        "push_failed": words("This device could not be reached for notifications. Choose another way."),
        "done_push": words("This device will ring."),
        "done_sms": words("You will get an SMS at %(to)s."),
        "done_voice": words("We will call %(to)s."),
        "done_email": words("You will get an e-mail at %(to)s."),
    }


def _places(words: Words) -> Mapping[str, str]:
    return {
        "locating": words("Looking for your position…"),
        "position_denied": words("Your position was refused. Write an address, or press on the map."),
        "position_failed": words("Your position was not found. Write an address, or press on the map."),
        "no_place": words("Nothing found. Write the number, the street and the town."),
        "geocoder_down": words("Addresses can’t be looked up for the moment. Press on the map instead."),
        "home": words("My home"),
        "place": words("Place %(n)s"),
        "press_map": words("Press on the map where you live."),
        "map_failed": words("The map did not load. Write an address instead."),
        "closer": words("Closer"),
        "farther": words("Farther"),
    }


def _mine(words: Words) -> Mapping[str, str]:
    return {
        "wishes": words("What %(name)s sends me"),
        "wishes_note": words("A real serious or extreme danger always reaches you, whatever you choose here."),
        "least": words("How serious it must be"),
        "least_minor": words("Everything"),
        "least_moderate": words("Dangers, not information"),
        "least_severe": words("Only serious and extreme dangers"),
        "topic_is_now": words("At once"),
        "topic_is_digest": words("In one message a day, at 18:00"),
        "topic_is_mute": words("Never"),
        **{f"topic_{slug}": name for slug, name in topic_words(words).items()},
        "leave": words("Stop following"),
        "remove": words("Remove"),
        "correct": words("Correct"),
        "correcting": words("Correct “%(name)s”: look for the right address, then confirm it on the map."),
        "leave_sure": words("Get no more alerts from %(name)s?"),
        "remove_sure": words("Get no more alerts for %(name)s?"),
        "push": words("Notifications on a device"),
        "push_here": words("Notifications on this device"),
        **{name: words.channel(name) for name in ("sms", "voice", "email")},
        "gone": words("no longer works"),
        "stopped": words("stopped by you"),
        "paused_until": words("Paused until %(time)s: no alert will reach you."),
        "saved": words("Saved."),
        "nothing_here": words("Nothing here yet."),
        "erased": words("Everything is erased. Nothing about you is left here."),
        "no_contact": words("Nothing would reach you: add a way below."),
        "no_places": words("Without a place, you get only what goes to everyone who follows."),
        "quiet_places": words("No alert at your places."),
        "at": words("At: %(places)s"),
    }


def _trials(words: Words) -> Mapping[str, str]:
    return {
        "trial": words("Send a test"),
        "trial_came": words("It came"),
        "trial_not": words("Nothing came"),
        "trial_sending": words("The test is on its way…"),
        "trial_sent": words("Sent at %(time)s. Did it come?"),
        "trial_sandbox": words("Nothing is sent here: this is a sandbox."),
        "trial_proven": words("It works: the test came (%(time)s)."),
        "trial_failed": words("It could not be sent. Check this number or address, or add another way."),
        "trial_missed_push": words("Allow notifications for this browser in your device’s settings, then test again."),
        "trial_missed_sms": words("Check the number. If you once answered STOP to this sender, answer START."),
        "trial_missed_voice": words("Check the number, and whether your telephone blocks unknown callers."),
        "trial_missed_email": words("Look in your spam folder, and add the sender to your contacts."),
        "trial_too_many": words("That is enough tests for now. Try again in an hour."),
    }


def _here(words: Words) -> Mapping[str, str]:
    return {
        "none_here": words("No alert here"),
        "near_here": words("None here; one is %(distance)s %(side)s of you"),
        "sides": words("north|north-east|east|south-east|south|south-west|west|north-west"),
        "some_here": words("Alerts here"),
        "accuracy": words("Your position is known to %(n)s m."),
        "near_edge": words("You may be in the area or just outside: your position is not exact."),
        "until": words("until %(moment)s"),
        "since": words("since %(moment)s"),
        "exercise": words("EXERCISE"),
        "test": words("TEST"),
        **severity_words(words),
        "visiting": words("You will be told here until %(time)s. Then your position is forgotten."),
        "place_refused": words("Your position was refused. Write a town or an address below."),
        "inside": words("You are in the area."),
        "outside": words("You are %(distance)s from the area."),
        "copied": words("The link is copied."),
        "you": words("You are here"),
        "last_word": words("Last word: %(time)s"),
        "lost": words("No network since %(time)s. What you see may be out of date."),
    }
