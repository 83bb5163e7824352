#!/usr/bin/env python3
"""Cron lines and recurrence rules made at random: the same verdict as Prefect's, and the same dates.

Usage: PYTHON-WITH-PREFECT tests/real/schedules.py MANIFEST-PROGRAM [SEED [DATES]]
Stricter on purpose, and not tried here: a rule whose minute is 70, a set without a rule, random
and hashed cron fields, dates that dateutil guesses at (2024, 20240310T023000+0100), a TZID that no zone has.
"""
import datetime
import json
import random
import signal
import subprocess
import sys
from zoneinfo import ZoneInfo

CRON = """* 0 1 5 7 12 23 24 31 32 59 60 l L jan DEC mon SUN ? */5 */0 1-5 5-1 1-40/2 0-0 mon-fri fri-mon
    jan-mar 1,2 1,,2 1#2 mon#1 l3 L5 1#6 1-5#2 mon-fri#2 5/3 3-l 1-l a -1 1- 0/40 7-1 6-7 2030 1969
    1970-2099 *,1 1#1,2 sun-sun */100 +1 1.5 32-1 sun-6#1 @daily""".split()
PARTS = ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=HOURLY", "FREQ=X", "INTERVAL=1", "COUNT=3", "COUNT=x", "BYDAY=MO",
         "BYDAY=+1MO,-1TU", "BYDAY=MO(+1)", "BYDAY=0MO", "BYDAY=", "BYDAY=XX", "BYMONTH=1,2", "BYHOUR=3",
         "BYMINUTE=5,10", "UNTIL=20300101", "UNTIL=20300101T000000Z", "UNTIL=soon", "WKST=MO", "WKST=X",
         "BYSETPOS=-1", "BYSETPOS=0", "BYSETPOS=367", "BYYEARDAY=-366", "BYSECOND=30", "byhour=4", "BYDAY=mo", "UNTIL=20300101T0000", "FOO=1", "BYEASTER=1", "INTERVAL", "", "BYWEEKNO=3", "BYMONTHDAY=-1"]


PARMS = ["", "", ";TZID=Europe/Berlin", ";TZID=America/New_York", ";VALUE=DATE", ";VALUE=DATE-TIME",
         ";VALUE=DATE-TIME;TZID=UTC", ";X=1", ";", ";VALUE=DATE;VALUE=DATE-TIME"]
STARTS = ["20240310T023000", "20240310T023000Z", "20240310", "20241103T013000,20241104T013000", "20240310T023000,20240310T023000Z", ""]


def cron(r):
    n = r.choice([5, 5, 5, 5, 6, 7, 4, 8])
    return r.choice(["", "", "", " "]) + " ".join(r.choice(CRON) if r.random() < .5 else "*" for _ in range(n))


def rrule(r):
    names = [r.choice(PARTS[:3])] * (r.random() < .9)
    for part in r.choices(PARTS[3:], k=r.randint(0, 3)):
        if part.split("=")[0] not in [p.split("=")[0] for p in names]:
            names.append(part)
    text, kind = ";".join(names) or "COUNT=1", r.random()
    if kind < .2:
        return "RRULE:" + text
    if kind < .4:
        return "DTSTART:20240101T000000" + r.choice(["", "Z"]) + "\n" + r.choice(["RRULE:", ""]) + text
    if kind < .45:
        return text + "\nEXDATE:20240101T000000"
    if kind < .5:
        return text + "\nRRULE:FREQ=DAILY"
    if kind < .65:
        return (f"DTSTART{r.choice(PARMS)}:{r.choice(STARTS)}\nRRULE:{text}"
                + r.choice(["", "\nEXDATE", "\nRDATE", "\nexdate"]) + r.choice(PARMS) + r.choice(["", ":"]) + r.choice(STARTS))
    return "X:" + text if kind < .53 else text


ZONES = """UTC America/New_York Europe/Berlin Europe/London Australia/Lord_Howe Asia/Kathmandu America/Sao_Paulo Pacific/Apia
    Africa/Casablanca Asia/Tehran Pacific/Auckland America/St_Johns Asia/Kolkata Europe/Dublin Atlantic/Azores""".split()
# Days around which clocks were set somewhere, and some on which nothing was.
DAYS = """2024-03-10 2024-11-03 2024-03-31 2024-10-27 2025-03-09 2025-11-02 2025-03-30 2025-10-26 2024-04-07 2024-10-06
    2025-10-05 2026-02-27 2026-11-21 2024-02-29 2025-12-31 2030-01-01 2018-11-04 2011-12-29""".split()


def numbers(r, low, high, signed=False):
    some = r.sample(range(low, high + 1), r.choice([1, 1, 2, 3]))
    return ",".join(str(-n if signed and n and r.random() < .4 else n) for n in some)


def cron_dates(r):
    def field(low, high):
        k = r.random()
        if k < .35:
            return "*"
        if k < .5:
            return f"*/{r.randint(1, 20)}"
        if k < .65:
            return f"{r.randint(low, high)}-{r.randint(low, high)}" + r.choice(["", "/2", "/3", "/7"])
        return numbers(r, low, high)
    day = r.choice(["*", "*", "*", "l", "?", "15,l", numbers(r, 1, 31), field(1, 31)])
    weekday = r.choice(["*", "*", "*", "mon-fri", "fri-mon", "sun", "7", "2#2", "mon-wed#1", "l5", "l1,3#3", field(0, 6)])
    line = [field(0, 59), field(0, 23), day, r.choice(["*", "*", "*", field(1, 12)]), weekday]
    k = r.random()
    if k < .1:
        line.append(field(0, 59))
    if k < .03:
        line.append(r.choice(["*", "2024-2026", "2025"]))
    return {"cron": " ".join(line), "day_or": r.random() < .8}


def interval_dates(r):
    s = r.choice([60, 900, 3600, 7200, 86400, 86400 * 7, 90000, 172800, 1800, 43200, r.randint(60, 400000), 3600.5, 86400.25])
    at = datetime.datetime(r.choice([2020, 2024, 2025, 2031]), r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), r.choice([0, 30, 17]))
    return {"interval": s, "anchor_date": at.isoformat() + r.choice(["Z", "+02:00", "-05:00"])}


def rrule_dates(r):
    def rule():
        freq = r.choice("YEARLY MONTHLY WEEKLY DAILY DAILY HOURLY MINUTELY SECONDLY".split())
        parts = {
            "BYDAY": lambda: r.choice(["MO", "MO,WE,FR", "SA,SU"] + ["1MO", "-1FR", "2TU,-1SU", "MO,+1TU"] * (freq[0] in "YM")),
            "BYMONTH": lambda: numbers(r, 1, 12), "BYMONTHDAY": lambda: numbers(r, 1, 31, True),
            "BYHOUR": lambda: numbers(r, 0, 23), "BYMINUTE": lambda: numbers(r, 0, 59),
            "BYSETPOS": lambda: r.choice(["1", "-1", "2", "1,-1"]), "BYYEARDAY": lambda: numbers(r, 1, 366, True),
            "BYWEEKNO": lambda: numbers(r, 1, 53, True), "WKST": lambda: r.choice(["SU", "MO", "TH"]),
            "BYEASTER": lambda: numbers(r, -3, 50), "COUNT": lambda: str(r.randint(1, 3000)),
            "UNTIL": lambda: r.choice(["20260301T000000Z", "20250601T000000Z", "20251102T013000Z"] if aware else
                                      ["20260301T000000", "20250601", "20251102T013000"])}
        text = "FREQ=" + freq
        if freq[0] == "S":
            text += f";INTERVAL={r.choice([900, 3600, 5000])}"
        elif r.random() < .4:
            text += f";INTERVAL={r.randint(1, 6)}"
        for name in r.sample(list(parts), r.choice([0, 1, 1, 2, 2, 3])):
            text += f";{name}={parts[name]()}"
        return text
    zone = r.choice(["", "", "", "", ";TZID=America/New_York", ";TZID=Europe/Berlin", ";TZID=Australia/Lord_Howe"])
    start = f"DTSTART{zone}:20{r.choice([19, 23, 24, 24, 25])}{r.randint(1, 12):02}{r.randint(1, 28):02}T{r.randint(0, 23):02}{r.choice([0, 30]):02}00"
    if not zone and r.random() < .2:
        start += "Z"
    aware = zone or start[-1] == "Z"  # and so its end has to be
    k = r.random()
    if k < .3:
        aware = False
        return {"rrule": rule()}
    if k < .8:
        return {"rrule": start + "\nRRULE:" + rule()}
    more = [f"RRULE:{rule()}", f"EXRULE:{rule()}", f"EXDATE{zone}:20241103T013000,20250309T023000" + "Z" * (start[-1] == "Z"), "RDATE:20250309T021500,20251102T011500"]
    return {"rrule": "\n".join([start, "RRULE:" + rule()] + r.sample(more, r.randint(1, 3)))}


def asked(r):
    s = r.choice([cron_dates, cron_dates, interval_dates, rrule_dates])(r)
    zone = r.choice(ZONES)
    s["timezone"] = zone
    at = datetime.datetime.fromisoformat(r.choice(DAYS) + "T00:00:00+00:00")
    at += datetime.timedelta(seconds=r.randint(-86400, 2 * 86400), microseconds=r.choice([0, 0, 1, 999999]))
    return s, at


def us_of(at):
    return round(at.timestamp() * 1e6)


def without_repeats(dates, zone):
    """Before Python 3.13 Prefect's intervals leave out an hour that comes twice, against its own manual."""
    seen, kept = set(), []
    for us in dates:
        shown = datetime.datetime.fromtimestamp(us / 1e6, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        if shown not in seen:
            seen.add(shown)
            kept.append(us)
    return kept


class Slow(Exception):
    pass


def slow(*args):
    raise Slow


def same_dates(program, seed, n):
    import prefect
    from prefect.server.schemas import schedules as theirs
    kinds = {"cron": theirs.CronSchedule, "interval": theirs.IntervalSchedule, "rrule": theirs.RRuleSchedule}
    if prefect.__version__.startswith("2."):
        # Its zones are those of 2020, and where clocks are set it does otherwise than 3.x, which is what weir follows.
        ZONES[:] = ["UTC", "Asia/Kolkata", "Asia/Kathmandu"]
    r = random.Random(seed)
    cases = [asked(r) for _ in range(n)]
    ask = [json.dumps({"schedule": s, "from": us_of(at), "until": us_of(at) + 100 * 86400 * 10**6, "n": 40,
                       "enough": 40, "enough_us": us_of(at)}) for s, at in cases]
    p = subprocess.run([program, "--dates"], input="\0".join(ask) + "\0", capture_output=True, text=True, check=True)
    signal.signal(signal.SIGALRM, slow)
    tally, wrong, dates = {}, 0, 0
    for (s, at), ours in zip(cases, p.stdout.split("\n")):
        kind = next(k for k in kinds if k in s)
        end = at + datetime.timedelta(days=100)
        try:
            signal.setitimer(signal.ITIMER_REAL, .3, .3)  # again, if it came where nothing can be raised
            found = [us_of(d) for d in sorted(kinds[kind](**s)._get_dates_generator(n=40, start=at, end=end))]
            signal.setitimer(signal.ITIMER_REAL, 0)
        except (ArithmeticError, ValueError, KeyError, Slow) as e:
            signal.setitimer(signal.ITIMER_REAL, 0)
            tally[kind, "none by Prefect"] = tally.get((kind, "none by Prefect"), 0) + 1
            continue
        mine = [int(x) for x in ours.split()] if ours.replace(" ", "").isdigit() or not ours else [ours]
        if kind == "interval" and sys.version_info < (3, 13) and ours:
            mine = without_repeats(mine, s["timezone"])
            found = found[:len(mine)]
        good = mine == found
        tally[kind, good] = tally.get((kind, good), 0) + 1
        dates += len(found)
        if not good:
            wrong += 1
            if wrong <= 15:
                print(f"# {json.dumps(s)} from {at}")
                i = next((i for i, (a, b) in enumerate(zip(mine + ["-"] * 50, found + [0] * 50)) if a != b), 0)
                show = lambda v: [x if isinstance(x, str) else str(datetime.datetime.fromtimestamp(x / 1e6, datetime.timezone.utc))[:19] for x in v]
                print(f"#   from date {i}: prefect {show(found[i:i+4])} weir {show(mine[i:i+4])}")
    print(f"# {n} schedules, {dates} dates; {({' '.join(map(str, k)): v for k, v in tally.items()})}")
    return not wrong and dates > n


def same_verdicts(program, seed):
    from prefect._internal.schemas.validators import validate_cron_string, validate_rrule_string
    checks = {"c": validate_cron_string, "r": validate_rrule_string}
    r = random.Random(seed)
    cases = [("c", cron(r)) for _ in range(4000)] + [("r", rrule(r)) for _ in range(3000)]
    p = subprocess.run([program, "--schedules"], input="\0".join(k + v for k, v in cases) + "\0",
                       capture_output=True, text=True, check=True)
    good = wrong = 0
    for (kind, text), ours in zip(cases, p.stdout.split("\n")):
        try:
            checks[kind](text)
            theirs = "good"
        except Exception as e:
            theirs = f"{type(e).__name__}: {e}"
        good += theirs == "good"
        if (theirs == "good") != (ours == "good"):
            wrong += 1
            print(f"# {text!r}\n#   prefect: {theirs[:200]}\n#   weir: {ours}")
    print(f"# {len(cases)} tried, {good} good, {wrong} with another verdict")
    return not wrong and good >= 500


def main():
    seed, n = int((sys.argv[2:3] or ["1"])[0]), int((sys.argv[3:4] or ["1500"])[0])
    verdicts, dates = same_verdicts(sys.argv[1], seed), same_dates(sys.argv[1], seed, n)
    print(("ok" if verdicts else "not ok") + " 1 - schedules are right or wrong as Prefect says")
    print(("ok" if dates else "not ok") + " 2 - schedules have the dates that Prefect makes runs for\n1..2")
    return 0 if verdicts and dates else 1


sys.exit(main())
