"""English sentence of each refusal that only those who run the service see: settings, providers, backups.

Like ``refusal_sentences``, but not part of the API.
"""

from collections.abc import Mapping

SETUP_SENTENCES: Mapping[str, str] = {
    # settings
    "unknown-setting": "This is no setting of Tocsin: see the table in docs/operating.md, or check the spelling.",
    "setting-line": "This is not a line such as %(example)s.",
    "file-unreadable": "This file can't be read (%(reason)s): give the path of a readable file.",
    "no-file": "There is no file at %(path)s.",
    "public-url": (
        "Begin with https:// (or http:// on this machine), as in https://alerts.ville.example; without ? or #."
    ),
    "openid-issuer": "Begin with https://, exactly as the provider writes its issuer.",
    "openid-incomplete": "Set issuer, client id and client secret together.",
    "geocoder-url": "Begin with https://, as in https://data.geopf.fr/geocodage; off asks nobody.",
    "tiles-url": "Begin with https:// and write {z}, {x} and {y}, as in https://tiles.example/{z}/{x}/{y}.png.",
    "quiet-hours": "Write quiet hours as 22:00-07:00, or 00:00-00:00 for none.",
    "secret-too-short": "This is too short: %(least)s random bytes are needed, as `openssl rand -hex 32` gives.",
    "redis-with-sqlite": "This is for several processes, and needs PostgreSQL in TOCSIN_DATABASE_URL.",
    "redis-without-secret": "This is needed with TOCSIN_REDIS_URL: every process must hold the same.",
    "roles-without-redis": "This splits the work between processes, and needs TOCSIN_REDIS_URL between them.",
    "vapid-without-subject": "This is needed with TOCSIN_VAPID_PRIVATE_KEY: mailto: and your address.",
    "twilio-without-rest": "This needs TOCSIN_TWILIO_AUTH_TOKEN and TOCSIN_TWILIO_FROM too.",
    "database-url": "This begins with %(scheme)s: write postgresql://user:password@host:5432/name, or sqlite:////path.",
    "redis-url": "This begins with %(scheme)s: write redis://host:6379/0, rediss:// for TLS, or unix:///path.",
    "redis-cluster": "Tocsin can't read %(scheme)s: name one server, or a proxy before it.",
    "server-url-hash": "There is a # in it: in a user, a password or a name it is written %23.",
    "server-url-host": "The host or port can't be read: in a password @ is written %40, : is %3A and / is %2F.",
    "server-url-option": "Tocsin can't read ?%(name)s=: it reads %(known)s.",
    "server-url-ssl": "There is no such sslmode: it is one of %(known)s.",
    "server-url-file": "?%(name)s= names a file that is not there: %(path)s.",
    "url-unusable": "This address can't be used (%(reason)s).",
    "database-empty": "The database is empty: run `tocsin migrate` first.",
    "database-too-old": (
        "The database is at migration %(at)s, and this version begins at %(first)s: bring it there with an older"
        " version first (docs/operating.md, Upgrading)."
    ),
    "not-migrated": "The database is at migration %(at)s, and %(needed)s is needed: run `tocsin migrate` first.",
    "pages-not-bundled": "The pages were not bundled yet: run `make pages` (it needs Node 20 or later).",
    # providers
    "url-form": (
        "Write %(example)s; spaces and the signs / ? # @ : %% in the user and the password are"
        " percent-encoded (/ is %%2F)."
    ),
    "url-control-sign": "The URL holds a line break or another control character.",
    "url-option": "The URL has an unknown option; known are %(known)s.",
    "url-option-twice": "The URL gives %(name)s twice.",
    "url-number": "%(name)s is a number.",
    "url-whole-number": "%(name)s is a whole number.",
    "url-more-than-0": "This must be more than 0: %(name)s.",
    "url-one-of": "%(name)s is one of %(expected)s.",
    "url-too-long": "%(name)s has at most %(most)s ASCII signs.",
    "url-port": "The port is between 1 and 65535.",
    "url-host": "The host is no host name or address.",
    "url-helo": "helo is a host name, or an address in [ ].",
    "url-user-and-password": "The user and the password come together: smtp://user:password@host.",
    "url-credential": "The user or the password is empty or holds a control character.",
    "url-password-in-clear": "Without TLS the password would cross the network in clear: use starttls=required.",
    "url-starttls-twice": "smtps:// is TLS from the start: leave starttls out, or write smtp://.",
    "url-mail-sender": "There is no sender: add ?from=Mairie <alerte@ville.example>.",
    "url-sms-sender": "Add ?from= with a number (+33…), a short code, or a name of at most 11 signs.",
    "url-no-mail": "%(name)s is not an e-mail address.",
    "url-ton-npi": "ton is 0 to 6, npi 0 to 18.",
    "base-url": "Write an http or https URL: a scheme, a host, a port and a path.",
    "dkim-names": "Domain and selector are names of small letters, digits, hyphens and dots.",
    "dkim-no-pem": "The private key is not an unencrypted PEM.",
    "dkim-kind": "The private key is neither RSA nor Ed25519.",
    "dkim-too-short": "Receivers refuse an RSA key of less than %(least)s bits.",
    "vapid-curve": "This is not a key of the curve P-256.",
    "vapid-form": "This is neither PEM nor base64url of a private key without password.",
    "vapid-subject": "Write mailto: and an address, without space or <>, or an https: URL.",
    "push-origin": "%(origin)s is no origin: give a host, *.suffix, or scheme://host:port.",
    "push-origin-suffix": "%(origin)s: a suffix is *. and a domain of at least two names, without scheme or port.",
    "push-origin-http": "%(origin)s: plain http is only for this machine (127.0.0.1, localhost).",
    "twilio-account-sid": (
        "This is no Account SID: AC and 32 hexadecimal digits, on the first page of Twilio's console."
    ),
    "twilio-token": "This is empty, or holds signs that no token has.",
    "twilio-token-space": "This holds a space: was more than the token copied?",
    "twilio-sender": (
        "Write a number (+33…), a short code, a Messaging Service SID (MG…), or a name of at most 11 letters,"
        " digits and spaces with a letter in it."
    ),
    "twilio-caller": "A call needs a telephone number (+33…).",
    "twilio-region": "Write a name such as ie1 or dublin.",
    "twilio-host-twice": "This excludes a region and an edge: both name the host.",
    # backups and sealing
    "backup-no-archive": "%(path)s is no backup of Tocsin, or only the beginning of one.",
    "backup-no-manifest": "%(path)s is no backup of Tocsin: it has no manifest.",
    "backup-format": "%(path)s has the format %(found)s, and this version reads %(known)s: take a newer version.",
    "backup-altered": "%(path)s is damaged or was altered (%(part)s): take an earlier one.",
    "service-lacks-secret": "A process runs that was not started with the newest secret: restart it, then"
    " run this again.",
    "erasures-unreadable": "%(path)s is no list of erasures, or can't be read: take another copy of it.",
    "backup-newer": (
        "%(path)s has the shape %(found)s, of Tocsin %(version)s, and this version ends at %(newest)s:"
        " restore it with that version or a later one."
    ),
    "backup-too-old": (
        "%(path)s has the shape %(found)s, of Tocsin %(version)s, and this version begins at %(first)s: restore it"
        " with an older version, and take another backup with one that ends at %(first)s"
        " (docs/operating.md, Upgrading)."
    ),
    "backup-row": "A row of %(table)s does not fit this database (%(reason)s).",
    "backup-rows-missing": "Rows of %(table)s are missing: nothing was restored.",
    "restore-in-use": "A service works on this database: stop all its processes, and wait ten seconds.",
    "restore-not-empty": "The database is not empty, and all of it would be lost (%(holds)s): --force does that.",
    "seal-unknown-key": (
        "This is sealed with a key that the settings do not hold: put the old key back behind the new one."
    ),
    "seal-oldest-key": "The newest secret is the backup's, and the oldest is not: without it links lead nowhere.",
    "seal-altered": "A sealed value does not open: it was altered, or belongs to another row.",
}
