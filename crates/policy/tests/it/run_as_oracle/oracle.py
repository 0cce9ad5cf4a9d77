"""The Run As rule a second time, as an oracle for the first.

Written from the wording of the rule, not from the program that carries it out, and kept apart from it on purpose: where
the two disagree, one of them is wrong, and the test beside this file says about which case. It knows no grammar of user
names. Each value stands in a table with what it is to a person who reads the rule.

Prints one JSON object a line for every combination: what the principal's tag, the session tag, the account's
preferences and the session document say, and which outcome, deciding rule and OS user the rule has for it.
"""

import itertools
import json

TAG = "SSMSessionRunAs"

# The account the server runs as; the test hands the same name to the program.
SERVER_ACCOUNT = "usher-server"

# Values by what they are. "none" is no tag at all.
USABLE = ["{}", "{}.b-c_d", "{}@example.com", "{}$"]
UNUSABLE = {
    "": "invalid-name",
    " ": "invalid-name",
    "\t ": "invalid-name",
    " padded": "invalid-name",
    "padded ": "invalid-name",
    "alice; id": "invalid-name",
    "$(id)": "invalid-name",
    "a\nb": "invalid-name",
    "-u": "invalid-name",
    "../etc": "invalid-name",
    "0": "invalid-name",
    "1000": "invalid-name",
    "root": "root",
    "usher-agent": "reserved-name",
    "usher-session": "reserved-name",
    SERVER_ACCOUNT: "reserved-name",
}


def tag_sets(owner):
    """Tags as they may stand in one place: none, every value, and the key in other casings, which is never read."""
    yield {}
    for pattern in USABLE:
        yield {TAG: pattern.format(owner)}
    for value in UNUSABLE:
        yield {TAG: value}
    yield {"ssmsessionrunas": "root", "SSMSESSIONRUNAS": owner}
    yield {"SSMSessionRunas": "root", TAG: owner}


def inputs(owner):
    """Preferences or a document: none, off with and without a default user, on with each kind of one."""
    yield None
    for user in ["", owner, "root"]:
        yield {"enabled": False, "default_user": user}
    for user in ["", owner, "root", "usher-agent", SERVER_ACCOUNT, "not a name", " "]:
        yield {"enabled": True, "default_user": user}


def rule(principal_tags, session_tags, preferences, document):
    """Which outcome, by which rule, and as whom."""
    turned_on_by = next(
        (
            (source, said)
            for source, said in [("preferences-default", preferences), ("document-default", document)]
            if said and said["enabled"]
        ),
        None,
    )
    if turned_on_by is None:
        return "off", "off", None
    source, said = turned_on_by

    # "A session tag replaces the role's before judging, even when empty."
    merged = {TAG: ("principal-tag", principal_tags[TAG])} if TAG in principal_tags else {}
    if TAG in session_tags:
        merged[TAG] = ("session-tag", session_tags[TAG])

    # "Else the default user; else refuse." A default user that is not written down is none.
    if TAG in merged:
        decided_by, value = merged[TAG]
    elif said["default_user"]:
        decided_by, value = source, said["default_user"]
    else:
        return "nothing-named", "nothing-named", None

    if value == "not a name":
        return "invalid-name", decided_by, None
    if value in UNUSABLE:
        return UNUSABLE[value], decided_by, None
    return "as", decided_by, value


for principal, session, preferences, document in itertools.product(
    tag_sets("tagged"), tag_sets("passed"), inputs("preferred"), inputs("documented")
):
    outcome, decided_by, user = rule(principal, session, preferences, document)
    print(
        json.dumps(
            {
                "principal": principal,
                "session": session,
                "preferences": preferences,
                "document": document,
                "outcome": outcome,
                "rule": decided_by,
                "user": user,
            }
        )
    )
