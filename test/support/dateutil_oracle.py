"""Answers rules by python-dateutil and the zoneinfo of Python: one JSON object a line in, one a line out.

In: {"rule", "start", "zone", "count", "seconds"}. Out: {"slots": [[local, utc, shifted]], "end": bool} or
{"slow": true} where dateutil takes longer than so many seconds of processor time. dateutil counts wall times; their
instants are those of PEP 495's first reading, in which a time that does not exist is read with the offset before the
gap, as RFC 5545 section 3.3.5 has it.
"""

import json
import signal
import sys
from datetime import datetime, timezone
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr


class Slow(BaseException):
    pass


answering = False


def give_up(*_):
    global answering
    if answering:
        answering = False
        raise Slow


# Processor time, which is the same on a busy machine.
signal.signal(signal.SIGVTALRM, give_up)


def placed(nominal, zone):
    utc = nominal.replace(tzinfo=zone).astimezone(timezone.utc)
    local = utc.astimezone(zone).replace(tzinfo=None)
    return local, utc.replace(tzinfo=None), local != nominal


def answer(question):
    start = datetime.fromisoformat(question["start"])
    rule = rrulestr(question["rule"], dtstart=start)
    # More than asked for: what a clock change moves may come to stand among later ones, or where another is.
    wanted = question["count"] * 3 + 130
    nominals = list(islice(rule, wanted))
    end = len(nominals) < wanted
    if "T" not in question["start"]:
        return {"slots": [[day.date().isoformat(), None, False] for day in nominals], "end": end}
    slots = {}
    for local, utc, shifted in (placed(nominal, ZoneInfo(question["zone"])) for nominal in nominals):
        known = slots.get(local)
        # A slot that stands there by itself is not the moved one.
        slots[local] = (utc, shifted and (known is None or known[1]))
    if not end:
        slots = {local: slot for local, slot in slots.items() if local < nominals[-1]}
    return {
        "slots": [[local.isoformat(), utc.isoformat(), shifted] for local, (utc, shifted) in sorted(slots.items())],
        "end": end,
    }


for line in sys.stdin:
    question = json.loads(line)
    signal.setitimer(signal.ITIMER_VIRTUAL, question["seconds"])
    try:
        answering = True
        result = answer(question)
        answering = False
    except Slow:
        result = {"slow": True}
    except ValueError as error:
        answering = False
        # So it says that the steps never meet an allowed time of day.
        never = "empty set" in str(error) or "empty rule" in str(error)
        result = {"slots": [], "end": True} if never else {"error": str(error)}
    except Exception as error:
        answering = False
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
