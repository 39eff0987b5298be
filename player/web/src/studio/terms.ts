/** From the fields of the licence form to terms, and to what the API is asked. Pure. */

import type { Terms, Tier } from "../words/licence.ts";

/** The form's fields as the browser gives them. */
export type Fields = Readonly<Record<string, string>>;

/** The seconds of each unit that a form lets choose from. */
export const UNITS: Record<string, number> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

export function termsOf(fields: Fields, film: string, channel = false): Terms {
  const link = fields["holder"] === "link";
  return {
    film,
    channel,
    holder: link ? "link" : "account",
    name: (link ? fields["label"] : fields["to"])?.trim() ?? "",
    from: fields["begin"] === "at" ? localMoment(fields["valid_from"]) : null,
    until: fields["finish"] === "never" ? null : localMoment(fields["valid_until"]),
    rental: spanOf(fields["rental_count"], fields["rental_unit"]),
    playback: spanOf(fields["playback_count"], fields["playback_unit"]),
    tier: (fields["tier"] as Tier | undefined) ?? "hd",
    streams: Number(fields["max_streams"] || Number.NaN),
    devices: countOf(fields["max_devices"]),
    plays: countOf(fields["max_plays"]),
    linkUntil: fields["redeem_until"] ? localMoment(fields["redeem_until"]) : null,
    password: fields["link_password"] ?? "",
    finish: fields["may_finish"] === "on",
  };
}

/** The body of POST /titles/{id}/licences, or of a channel's, which knows no links. */
export function requestOf(terms: Terms): Record<string, unknown> {
  const link = terms.holder === "link";
  return {
    to: link ? null : terms.name,
    ...(terms.channel ? {} : { link, label: link ? terms.name : "" }),
    valid_from: terms.from === null ? null : new Date(terms.from).toISOString(),
    valid_until: terms.until === null ? null : new Date(terms.until).toISOString(),
    rental_s: terms.rental,
    playback_s: terms.playback,
    tier: terms.tier,
    max_streams: terms.streams,
    ...(link ? linkTerms(terms) : { max_devices: terms.devices ?? null }),
    may_finish: terms.finish && terms.until !== null,
  };
}

/** A datetime-local value in the viewer's zone; NaN when empty or unreadable. */
export function localMoment(text: string | undefined): number {
  return text ? new Date(text).getTime() : Number.NaN;
}

/** The datetime-local value of a moment, to the minute. */
export function localValue(moment: number): string {
  const at = new Date(moment);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function linkTerms(terms: Terms): Record<string, unknown> {
  const until = terms.linkUntil ?? null;
  return { max_plays: terms.plays ?? null, redeem_until: until === null ? null : new Date(until).toISOString() };
}

function countOf(text: string | undefined): number | null {
  return text?.trim() ? Number(text) : null;
}

function spanOf(count: string | undefined, unit: string | undefined): number | null {
  if (!count?.trim()) return null;
  const amount = Number(count);
  return Number.isFinite(amount) ? Math.round(amount) * (UNITS[unit ?? "hours"] ?? 3600) : Number.NaN;
}
