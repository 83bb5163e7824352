#!/usr/bin/env python3
"""Cron lines and recurrence rules made at random: the same verdict as Prefect's.

Usage: PYTHON-WITH-PREFECT tests/real/schedules.py MANIFEST-PROGRAM [SEED]
Stricter on purpose, and not tried here: a rule whose minute is 70, a set without a rule, random
and hashed cron fields.
"""
import random
import subprocess
import sys

CRON = """* 0 1 5 7 12 23 24 31 32 59 60 l L jan DEC mon SUN ? */5 */0 1-5 5-1 1-40/2 0-0 mon-fri fri-mon
    jan-mar 1,2 1,,2 1#2 mon#1 l3 L5 1#6 1-5#2 mon-fri#2 5/3 3-l 1-l a -1 1- 0/40 7-1 6-7 2030 1969
    1970-2099 *,1 1#1,2 sun-sun */100 +1 1.5 32-1 sun-6#1 @daily""".split()
PARTS = ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=HOURLY", "FREQ=X", "INTERVAL=1", "COUNT=3", "COUNT=x", "BYDAY=MO",
         "BYDAY=+1MO,-1TU", "BYDAY=MO(+1)", "BYDAY=0MO", "BYDAY=", "BYDAY=XX", "BYMONTH=1,2", "BYHOUR=3",
         "BYMINUTE=5,10", "UNTIL=20300101", "UNTIL=20300101T000000Z", "UNTIL=soon", "WKST=MO", "WKST=X",
         "BYSETPOS=-1", "FOO=1", "BYEASTER=1", "INTERVAL", "", "BYWEEKNO=3", "BYMONTHDAY=-1"]


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
    return "X:" + text if kind < .53 else text


def main():
    from prefect._internal.schemas.validators import validate_cron_string, validate_rrule_string
    checks = {"c": validate_cron_string, "r": validate_rrule_string}
    r = random.Random(int((sys.argv[2:3] or ["1"])[0]))
    cases = [("c", cron(r)) for _ in range(4000)] + [("r", rrule(r)) for _ in range(3000)]
    p = subprocess.run([sys.argv[1], "--schedules"], input="\0".join(k + v for k, v in cases) + "\0",
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
    print(("not ok" if wrong or good < 500 else "ok") + " 1 - schedules are right or wrong as Prefect says\n1..1")
    return 1 if wrong or good < 500 else 0


sys.exit(main())
