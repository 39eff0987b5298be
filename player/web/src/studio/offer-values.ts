/** From what people type into the forms of offers to what the API is asked. Pure. */

import { UNITS, localMoment } from "./terms.ts";

type Field = string | number | boolean | null | undefined;
type Members = Readonly<Record<string, Field>>;

/** The members of an offer as the API knows them, from the fields of its form; what has no field is empty. */
export function offerOf(fields: Members): Members {
  return {
    kind: fields["kind"],
    label: fields["label"] ?? "",
    tier: fields["tier"],
    max_streams: fields["max_streams"] ?? 1,
    rental_s: spanOf(fields["rental_s"], fields["rental_unit"]),
    playback_s: spanOf(fields["playback_s"], fields["playback_unit"]),
    lasts_s: spanOf(fields["lasts_s"], fields["lasts_unit"]),
    price_minor: minorOf(fields["price"]),
    currency: String(fields["currency"] ?? "").toUpperCase(),
    open_from: momentOf(fields["open_from"]),
    open_until: momentOf(fields["open_until"]),
    most: fields["most"] ?? null,
    state: fields["state"] ?? (fields["open"] ? "open" : "draft"),
  };
}

/** What is another in `after` than in `before`, or was not there. */
export function changesOf(before: Members, after: Members): Members {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => !(name in before) || before[name] !== value));
}

/** A number of units in seconds; null when nothing was typed. */
export function spanOf(count: Field, unit: Field): number | null {
  return typeof count === "number" && Number.isFinite(count) ? Math.round(count * (UNITS[String(unit)] ?? Number.NaN)) : null;
}

/** A datetime-local value as ISO 8601; null when it is empty. */
function momentOf(text: Field): string | null {
  const moment = localMoment(String(text ?? ""));
  return Number.isNaN(moment) ? null : new Date(moment).toISOString();
}

/** A price as "4.99" or "4,99" in hundredths; null when empty, -1 (which is refused) when it is no price. */
export function minorOf(text: Field): number | null {
  if (text === null || text === undefined || String(text).trim() === "") return null;
  const found = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(String(text).trim());
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "0").padEnd(2, "0")) : -1;
}

/** A table as CSV; what a spreadsheet would take for a formula gets an apostrophe in front. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => `"${(/^\s*[=+\-@|%\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}
