"""Who becomes whom, a second time: an oracle for the whole way from tag to account.

Written from the wording of the design (Run As; node policy), not from the programs. It reads one JSON object: the names
of accounts by what they are on the node, and the node's rules. It prints one JSON object a line for every combination of
tag on the user or role, session tag, preferences and document, with what must come of it.
"""

import itertools
import json
import sys

world = json.load(sys.stdin)
NAMES = world["names"]  # "usable", "other", "missing", "uid0": names
RULES = world["rules"]  # "deny": names; "ssm_user": create or deny

TAGS = [None, "", "root", NAMES["usable"], NAMES["missing"], NAMES["uid0"]]
SESSION_TAGS = [None, "", NAMES["other"]]
PREFERENCES = [
    {"on": False, "default": NAMES["usable"]},
    {"on": True, "default": ""},
    {"on": True, "default": NAMES["usable"]},
    {"on": True, "default": NAMES["missing"]},
]
DOCUMENTS = [
    None,
    {"name": "Weaker", "on": False, "default": NAMES["other"], "elevated": False},
    {"name": "Own", "on": True, "default": NAMES["other"], "elevated": False},
    {"name": "Elevated", "on": None, "default": "", "elevated": True},
]


def as_whom(tag, session_tag, preferences, document):
    """The server's part: refused, ssm-user, or a name."""
    if preferences["on"]:
        default = preferences["default"]
    elif document and document["on"]:
        default = document["default"]
    else:
        return "SsmUser", None
    named = session_tag if session_tag is not None else tag
    if named is None:
        named = default or None
    if named is None or named == "" or named == "root":
        return "Refused", None
    # "runAsElevated runs as root only when Run As is off."
    if document and document["elevated"]:
        return "Refused", None
    return "RunAs", named


def node_says(decision, name, document):
    """The node's part: whether it lets them in."""
    if decision == "SsmUser":
        # Our nodes serve nothing as root.
        if document and document["elevated"]:
            return "Refused"
        return "Refused" if RULES["ssm_user"] == "deny" else "Accepted"
    if name in RULES["deny"] or name in (NAMES["missing"], NAMES["uid0"]):
        return "Refused"
    return "Accepted"


for preferences, document, tag, kind, session_tag in itertools.product(
    PREFERENCES, DOCUMENTS, TAGS, ["user", "role"], SESSION_TAGS
):
    if kind == "user" and session_tag is not None:
        continue
    decision, name = as_whom(tag, session_tag, preferences, document)
    print(
        json.dumps(
            {
                "preferences": preferences,
                "document": document and document["name"],
                "kind": kind,
                "tag": tag,
                "principal": f"{kind}{TAGS.index(tag)}",
                "session_tag": session_tag,
                "decision": decision,
                "os_user": name,
                "node": None if decision == "Refused" else node_says(decision, name, document),
            }
        )
    )
