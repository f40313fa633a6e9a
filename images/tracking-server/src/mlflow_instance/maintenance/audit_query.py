"""Which rows of the audit somebody asks for. Every error at once; a value of theirs is only ever
a parameter of SQL.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.settings import parse_duration

# What is asked for, and the condition.
WHAT = {
    "aliases": "route = 'alias' AND status BETWEEN 1 AND 399",
    "changes": "action <> 'refusal'",
    "deletions": "action = 'deletion'",
    "refusals": "action = 'refusal'",
}
_WHO = 200
_LONGEST = timedelta(days=3650)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?Z)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Query:
    since: datetime
    until: datetime
    condition: str = ""
    values: tuple[str, ...] = ()
    uses: bool = False


def parse_query(arguments: list[str], now: datetime) -> Query:
    if arguments == ["--uses"]:
        return Query(now, now, uses=True)
    errors: list[str] = []
    given: dict[str, str] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name not in ("--since", "--until", "--who", "--what") or not equals or name in given:
            errors.append(
                f"{argument!r}: expected --since=, --until=, --who= or --what=, each once"
            )
        given[name] = value

    def moment(name: str, default: datetime | None) -> datetime:
        text = given.get(name)
        if text is None and default is not None:
            return default
        found = _moment(text or "", now)
        if found is None:
            errors.append(
                f"{name}: {text!r} is not a time; use hours or days before now (24h, 7d), "
                "a day (2026-11-30) or a time in UTC (2026-11-30T08:00Z)"
            )
        return found or now

    since, until = moment("--since", None), moment("--until", now + timedelta(minutes=1))
    if not errors and since >= until:
        errors.append("--since: is not before --until")
    conditions, values = [], []
    what = given.get("--what")
    if what is not None and what not in WHAT:
        errors.append(f"--what: {what!r} is none of {', '.join(WHAT)}")
    elif what is not None:
        conditions.append(f"({WHAT[what]})")
    who = given.get("--who")
    if who is not None and not (0 < len(who) <= _WHO and who.isprintable()):
        errors.append(f"--who: must be a caller such as ci, ci/2 or workload:trainer, got {who!r}")
    elif who is not None:
        # Of a token without a generation every one; an expired or revoked one is named by the
        # refusal.
        conditions.append(
            "(caller = %s OR starts_with(caller, %s) OR split_part(refusal, ':', 2) = %s"
            " OR starts_with(split_part(refusal, ':', 2), %s))"
        )
        values = [who, f"{who}/", who, f"{who}/"]
    if errors:
        raise Refused("\n".join(errors))
    condition = "".join(f" AND {each}" for each in conditions)
    return Query(since, until, condition, tuple(values))


def _moment(text: str, now: datetime) -> datetime | None:
    duration = parse_duration(text)
    if duration is not None:
        return now - duration if timedelta() < duration <= _LONGEST else None
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
