"""The two roots of every error, transient and permanent, and what each kind asks of the one who meets it."""


class GreenlightError(Exception):
    """Root of all errors raised on purpose; its text names the thing, what is wrong and what to do."""


class Transient(GreenlightError):
    """Nothing is wrong for good: the same look, later, may succeed. The queue brings it back."""


class Throttled(Transient):
    """AWS asked us to slow down, timed out, or failed on its side."""


class Conflict(Transient):
    """Another invocation changed this group's record since we read it; look again."""


class Waiting(Transient):
    """AWS cannot do it now and says so; no event need come, so the sweep looks again.

    Unlike other transient errors this one is recorded, so that people see what the group waits for.
    """


class QuotaExceeded(Waiting):
    """An account quota is used up (ResourceLimitExceeded)."""


class Passing(Waiting):
    """A role, a policy or a thing made a moment ago has not spread through AWS yet; within minutes it has.

    If it has not after `lambdas.core.refusals.LONGEST`, somebody must look: access is denied.
    """


class NotReady(Waiting):
    """A guardrail is not yet usable, or a resource just made cannot be seen yet."""


class Busy(Transient):
    """The endpoint is in another operation; its own events bring the next look."""


class Permanent(GreenlightError):
    """Trying the same again cannot help; a person or a new decision is needed."""


class Refused(Permanent):
    """AWS read the request and refuses it (ValidationException), in words that say nothing of whose fault it is."""


class SpecRefused(Refused):
    """AWS refuses what the group's spec asks for, whatever version is to run on it."""


class VersionRefused(Refused):
    """AWS refuses the version's own content: its container or its artifact."""


class Denied(Permanent):
    """AWS refuses the caller (AccessDenied): our own permissions are wrong, not the version."""


class NotOurs(Permanent):
    """Something has the name of what we would make, and is not what we would make."""


class Gone(Permanent):
    """Something that should exist does not (a kept endpoint config deleted by someone)."""


class Unreadable(Permanent):
    """An object in S3 that is not there, too large, or that we may not read; its text says which."""


class Malformed(Permanent):
    """A message or document that cannot be read."""
