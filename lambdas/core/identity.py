"""Who called AWS, whether that is an approver of a group, and whether two callers are one person."""

import re
import unicodedata
from dataclasses import dataclass

from lambdas.core.codec import Open
from lambdas.core.names import account_of, partition_of, role_name

# What looks alike, as small letters without marks [Unicode TR39, "Confusable Detection", gives the pairs]. AWS takes
# ASCII alone for the names of users and sessions, so there the first line is what counts; an identity provider's
# attribute may hold more.
_LOOKS_LIKE = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "|": "l", "\N{LATIN SMALL LETTER DOTLESS I}": "l"}
    # Cyrillic
    | dict(zip("авекмнорстухѕјіӏһԁԛԝѵү", "abekmhopctyxsjllhdqwvy", strict=True))
    # Greek
    | dict(zip("αβεζηικμνορτυχγωϲϳ", "abeznlkuvoptuxywcj", strict=True))
)
_BLANK = (
    "\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}\N{BRAILLE PATTERN BLANK}"  # letters and a symbol
)


@dataclass(frozen=True)
class Identity(Open):
    """A caller as the registry (UserContext's IamIdentity [B]) and CloudTrail (userIdentity) name it.

    `arn`: of a user, or of a role's session (`arn:aws:sts::<account>:assumed-role/<role>/<session>`). `source`: the
    session's SourceIdentity, which a caller cannot change once it is set.
    """

    arn: str
    source: str | None = None

    def __str__(self) -> str:
        return self.arn if self.source is None else f"{self.arn} (source identity {self.source})"


def is_approver(identity: Identity, group: str, execution_role: str) -> bool:
    """Whether a caller is in a session of the group's approver role, in the group's own account and partition.

    That role can write nothing to a version but an approval status (see `infra.constructs.people_roles`), so
    each of its writes is a decision. Session ARNs have no path, and a role's name is unique in its account [IAM].

    Args:
        identity: the caller.
        group: its name.
        execution_role: the ARN of the group's execution role, which is in the group's account and partition.
    """
    place = re.escape(f"arn:{partition_of(execution_role)}:sts::{account_of(execution_role)}")
    role = re.escape(role_name(group, "approver"))
    return re.fullmatch(rf"{place}:assumed-role/{role}/.+", identity.arn) is not None


def same_person(one: Identity, other: Identity) -> bool:
    """Whether two callers are, as far as AWS tells, the same person: when in doubt, they are.

    Both in sessions with a source identity: these decide, and are worth what the sign-in that set them is. Otherwise
    the name of a session or user counts too: who steps from one role into another is asked for a session name, and
    most tools give the person's. Names are compared as `folded`, for tools and people spell one name in many ways.
    """
    source, others = folded(one.source or ""), folded(other.source or "")
    if source and others:
        return _alike(source, others)
    return any(_alike(mine, theirs) for mine in _names(one) for theirs in _names(other))


def name_of(identity: Identity) -> str:
    """What names the person in what AWS tells of a caller, as it is spelled there.

    Of a user, a role's session or a federated user it is the last part of the ARN: paths come before it, and names
    hold no slash. `root` is the root user's. A service is named by its principal. Where CloudTrail has no ARN, a
    principal's ID is followed by a colon and the session's name.
    """
    if identity.arn.startswith("arn:"):
        return re.split("[/:]", identity.arn)[-1]
    return identity.arn.rpartition(":")[2]


def folded(name: str) -> str:
    """One spelling for all that people take for the same name.

    Case, marks, width, white space, what does not show and look-alikes make no difference. So two people whose names
    differ in these alone (`ian` and `lan`) are taken for one: that costs an approval by somebody else, and the other
    error would cost the four eyes.
    """
    plain = _visible(_visible(name).casefold())  # what case folding makes of a letter may have marks again
    return plain.translate(_LOOKS_LIKE)


def _visible(text: str) -> str:
    """Letters, digits, punctuation and symbols: no marks, no spaces, no control, format or unassigned characters."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in apart if unicodedata.category(one)[0] not in "MZC" and one not in _BLANK)


def _alike(one: str, other: str) -> bool:
    """Whether two folded names may be one person's: some sign-ins leave the domain away. Two domains are two names."""
    if "@" in one and "@" in other:
        return one == other
    return one.partition("@")[0] == other.partition("@")[0]


def _names(identity: Identity) -> set[str]:
    names = {folded(name_of(identity))}
    return names | {folded(identity.source)} if identity.source else names
