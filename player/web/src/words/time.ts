/** Times as people say them, word for word as the server's player/format.py. Pure: moments are milliseconds, lengths seconds. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const STEPS = [
  [DAY * 365, "year"],
  [DAY * 30, "month"],
  [DAY * 7, "week"],
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
] as const;

/** "1 film", "2 films", "1,204 films" */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** "in 2 hours", "3 days ago", "just now" */
export function relative(moment: number, now: number): string {
  const away = (moment - now) / 1000;
  const distance = Math.abs(away);
  if (distance < 45) return away <= 0 ? "just now" : "in a moment";
  const [size, name] = STEPS.find(([step]) => distance >= step * 0.95) ?? ([MINUTE, "minute"] as const);
  const words = plural(Math.max(1, roundEven(distance / size)), name);
  return away > 0 ? `in ${words}` : `${words} ago`;
}

/** "Sunday 22 November 2026, 21:40 CET" */
export function exact(moment: number, zone: string = viewerZone()): string {
  const day = format(moment, zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  return `${day.replace(",", "")}, ${clockTime(moment, zone)} ${zoneName(moment, zone)}`;
}

/** "today at 21:40", "tomorrow at 09:00", "on 3 December at 21:40" */
export function dayAndTime(moment: number, now: number, zone: string = viewerZone()): string {
  const days = dayNumber(moment, zone) - dayNumber(now, zone);
  const clock = clockTime(moment, zone) + (zone === "UTC" ? " UTC" : "");
  if (Math.abs(days) <= 1) return `${["yesterday", "today", "tomorrow"][days + 1]} at ${clock}`;
  const year = part(moment, "year", zone) === part(now, "year", zone) ? "" : ` ${part(moment, "year", zone)}`;
  return `on ${format(moment, zone, { day: "numeric", month: "long" })}${year} at ${clock}`;
}

/** "22 Nov 2026" */
export function date(moment: number, zone: string = viewerZone()): string {
  // Intl writes "Sept"; the server writes "Sep".
  return format(moment, zone, { day: "numeric", month: "short", year: "numeric" }).replace("Sept", "Sep");
}

/** "21:40" */
export function clockTime(moment: number, zone: string = viewerZone()): string {
  return format(moment, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** "48 hours", "30 days", "1 hour 30 minutes": by its two largest units */
export function span(seconds: number): string {
  let whole = Math.max(0, Math.trunc(seconds));
  if (whole >= 3 * DAY && whole % DAY === 0) return plural(whole / DAY, "day");
  if (whole === DAY) return "24 hours";
  const parts: string[] = [];
  for (const [size, name] of [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1, "second"]] as const) {
    if (name === "day" && whole < 3 * DAY) continue;
    const count = Math.floor(whole / size);
    whole -= count * size;
    if (count) parts.push(plural(count, name));
  }
  return parts.slice(0, 2).join(" ") || "0 seconds";
}

/** "about 3 minutes left"; "" when not known */
export function left(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 10) return "a few seconds left";
  if (seconds < MINUTE) return `about ${roundEven(seconds / 10) * 10} seconds left`;
  if (seconds < 90 * MINUTE) return `about ${plural(roundEven(seconds / MINUTE), "minute")} left`;
  return `about ${plural(roundEven(seconds / HOUR), "hour")} left`;
}

/** "41:07", "1:02:09": a place in a film */
export function position(seconds: number): string {
  const whole = Math.max(0, Math.trunc(Number.isFinite(seconds) ? seconds : 0));
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  return whole >= HOUR ? `${Math.floor(whole / HOUR)}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** "4 minutes 5 seconds" to go, and whole minutes from two minutes on; for countdowns */
export function countdown(seconds: number): string {
  if (seconds <= 0) return "now";
  return span(seconds >= 2 * MINUTE ? Math.ceil(seconds / MINUTE) * MINUTE : Math.ceil(seconds));
}

/** The viewer's IANA zone. */
export function viewerZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Python rounds halves to even; so does this, or the page would jump when it comes alive. */
export function roundEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function format(moment: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(moment);
}

function zoneName(moment: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" }).formatToParts(moment);
  return parts.find((one) => one.type === "timeZoneName")?.value ?? zone;
}

function part(moment: number, name: "year" | "month" | "day", zone: string): number {
  return Number(format(moment, zone, { [name]: "numeric" }));
}

function dayNumber(moment: number, zone: string): number {
  return Date.UTC(part(moment, "year", zone), part(moment, "month", zone) - 1, part(moment, "day", zone)) / (DAY * 1000);
}
