// Recurrence as simple choices: converts a choice to an RRULE (RFC 5545), and back.

const DAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const LAST = 5;

/** Return which occurrence of its weekday in the month a day is: 1 to 4, or -1 for the last. @param {Date} day */
export function nth(day) {
  const week = Math.ceil(day.getDate() / 7);
  return week === LAST ? -1 : week;
}

function plain(at) {
  const day = new Date(at);
  const named = DAYS[day.getDay()];
  return {
    weekly: `FREQ=WEEKLY;BYDAY=${named}`,
    daily: "FREQ=DAILY",
    working: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    nth: `FREQ=MONTHLY;BYDAY=${nth(day)}${named}`,
  };
}

/** Return the RRULE of a draft that repeats. @param {any} later */
export function rule(later) {
  if (later.rule === "own") return later.own.trim();
  const found = plain(later.at)[later.rule];
  return later.until ? `${found};UNTIL=${later.until.replaceAll("-", "")}` : found;
}

/** Return the choice equal to a rule, or the rule itself. @param {any} later with ``at`` and ``repeat`` */
export function readRule({ at, repeat }) {
  if (!repeat) return {};
  const parts = repeat.toUpperCase().replace("RRULE:", "").split(";").filter((each) => each && each !== "INTERVAL=1");
  const ends = parts.find((each) => each.startsWith("UNTIL="))?.slice("UNTIL=".length) || "";
  const said = parts.filter((each) => !each.startsWith("UNTIL=")).sort().join(";");
  const weekly = said === "FREQ=WEEKLY" && "weekly";
  const found = weekly || Object.entries(plain(at)).find(([, each]) => each.split(";").sort().join(";") === said)?.[0];
  if (!found || ends.endsWith("Z")) return { rule: "own", own: repeat };
  return { rule: found, own: "", until: lastDay(ends, at) };
}

/** Return the last day of an UNTIL; the previous day if it ends before the time of `at`. */
function lastDay(ends, at) {
  if (!ends) return "";
  const day = new Date(Date.UTC(Number(ends.slice(0, 4)), Number(ends.slice(4, 6)) - 1, Number(ends.slice(6, 8))));
  const hour = ends.slice(9, 13);
  if (hour && hour < at.slice(11, 16).replace(":", "")) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}
