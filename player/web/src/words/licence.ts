/** Reads a licence back before it is issued, word for word as player/words.py, and says what does not fit. Pure. */

import { exact, span, viewerZone } from "./time.ts";

export type Tier = "sd" | "hd" | "uhd";

export interface Terms {
  film: string;
  holder: "account" | "link";
  /** Account name; of a link its label. */
  name: string;
  /** Milliseconds; null: from now on, without an end. NaN: asked for but not filled in. */
  from: number | null;
  until: number | null;
  /** Seconds to start within and, from the first play, to finish within; null: no limit. */
  rental: number | null;
  playback: number | null;
  tier: Tier;
  streams: number;
  /** Whether a film begun before the end date may be seen to its end. */
  finish: boolean;
}

/** A field's name in the form and what is wrong with it. */
export interface Conflict {
  field: "to" | "valid_from" | "valid_until" | "rental_count" | "playback_count" | "max_streams";
  sentence: string;
}

const TIERS: Record<Tier, string> = {
  sd: "standard definition (up to 576p)",
  hd: "HD (up to 1080p)",
  uhd: "4K",
};

export function readBack(terms: Terms, now: number, zone: string = viewerZone()): string {
  const begin = terms.from !== null && terms.from > now ? `from ${exact(terms.from, zone)}` : "from now on";
  const end = terms.until === null ? ", with no end date" : ` until ${exact(terms.until, zone)}`;
  const sentences = [
    `${who(terms)} may watch “${terms.film}” ${begin}${end}, in ${TIERS[terms.tier]}, ${screens(terms.streams)}.`,
  ];
  if (terms.rental) sentences.push(`They must start within ${span(terms.rental)}.`);
  if (terms.playback) sentences.push(`Once they press play, they have ${span(terms.playback)} to finish.`);
  if (terms.finish && terms.until !== null) sentences.push("A film begun before the end date may be seen to its end.");
  return sentences.join(" ");
}

/** What a person must mend before issuing, in the order of the form; empty when all fits. */
export function conflicts(terms: Terms, now: number): Conflict[] {
  const found: Conflict[] = [];
  const add = (field: Conflict["field"], sentence: string): number => found.push({ field, sentence });
  if (terms.holder === "account" && !terms.name.trim()) add("to", "Say who this licence is for.");
  if (terms.from !== null && Number.isNaN(terms.from)) add("valid_from", "Say when it begins.");
  const begin = terms.from ?? now;
  if (terms.until !== null) {
    if (Number.isNaN(terms.until)) add("valid_until", "Say when it ends.");
    else if (terms.until <= now) add("valid_until", "This end has already passed. Choose a later one.");
    else if (terms.until <= begin) add("valid_until", "It would end before it begins. Choose a later end.");
  }
  if (terms.rental !== null && !(terms.rental > 0)) add("rental_count", "Give at least one, or leave it empty for no limit.");
  if (terms.playback !== null && !(terms.playback > 0)) add("playback_count", "Give at least one, or leave it empty for no limit.");
  if (!Number.isInteger(terms.streams) || terms.streams < 1) add("max_streams", "At least one screen is needed.");
  return found;
}

/** Allowed, but worth knowing; "" when there is nothing to say. `length`: the film's seconds. */
export function remark(terms: Terms, now: number, length: number | null): string {
  const window = terms.until === null ? null : (terms.until - Math.max(terms.from ?? now, now)) / 1000;
  if (length && terms.playback && terms.playback < length) {
    return `The film lasts ${span(Math.ceil(length / 60) * 60)}: they could not see it to its end in ${span(terms.playback)}.`;
  }
  if (window !== null && terms.playback && terms.playback > window) {
    return "The end date comes before the time to finish is over; the earlier of the two counts.";
  }
  if (window !== null && terms.rental && terms.rental > window) {
    return "The end date comes before the time to start is over; the earlier of the two counts.";
  }
  return "";
}

function who(terms: Terms): string {
  const name = terms.name.trim();
  if (terms.holder === "account") return name || "Somebody";
  return name ? `Anyone with the link “${name}”` : "Anyone with the link";
}

function screens(count: number): string {
  return count === 1 ? "on one screen at a time" : `on up to ${count} screens at a time`;
}
