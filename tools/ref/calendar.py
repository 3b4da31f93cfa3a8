"""Makes internal/skill/calendar/testdata with other people's implementations.

pip install korean_lunar_calendar==0.4.0 holidays==0.109; python calendar.py FOLDER
"""
import datetime
import pathlib
import sys

import holidays
from korean_lunar_calendar import KoreanLunarCalendar

out = pathlib.Path(sys.argv[1])
day, rows = datetime.date(1900, 1, 31), []
while day < datetime.date(2049, 12, 31):
    c = KoreanLunarCalendar()
    c.setSolarDate(day.year, day.month, day.day)
    rows.append(f"{day} {c.lunarYear}-{c.lunarMonth:02}-{c.lunarDay:02}{'L' if c.isIntercalation else ''}")
    day += datetime.timedelta(37)
(out / "lunar.txt").write_text("\n".join(rows) + "\n")
korea = holidays.KR(years=range(2022, 2029), categories=("public",), language="ko")
(out / "holidays.txt").write_text("".join(f"{d} {korea[d]}\n" for d in sorted(korea)))
