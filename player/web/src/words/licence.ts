/** Reads a licence back before it is issued, word for word as player/words.py, and says what does not fit. Pure. */

import { exact, span, viewerZone } from "./time.ts";

export type Tier = "sd" | "hd" | "uhd";

export interface Terms {
  /** The film's name, or with `channel` that of a channel, whose every film it is on. */
  film: string;
  channel?: boolean;
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
  /** On how many devices; of an account's licence. */
  devices?: number | null;
  /** Of a link: browsers it opens for, until when it lets people in, what it asks for. */
  plays?: number | null;
  linkUntil?: number | null;
  password?: string;
  /** Whether a film begun before the end date may be seen to its end. */
  finish: boolean;
}

/** A field's name in the form and what is wrong with it. */
export interface Conflict {
  field: "to" | "valid_from" | "valid_until" | "rental_count" | "playback_count" | "max_streams" | "max_devices" | "max_plays" | "redeem_until" | "link_password";
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
  const what = terms.channel ? `every film of the channel “${terms.film}”` : `“${terms.film}”`;
  const sentences = [
    `${who(terms)} may watch ${what} ${begin}${end}, in ${TIERS[terms.tier]}, ${screens(terms.streams)}.`,
  ];
  if (terms.rental) sentences.push(`They must start within ${span(terms.rental)}.`);
  if (terms.playback) sentences.push(`Once they press play, they have ${span(terms.playback)} to finish.`);
  if (terms.devices && terms.holder === "account") sentences.push(`It plays on ${devices(terms.devices)}.`);
  if (terms.finish && terms.until !== null) sentences.push("A film begun before the end date may be seen to its end.");
  if (terms.holder === "link") sentences.push(...linkTerms(terms, zone));
  return sentences.join(" ");
}

function linkTerms(terms: Terms, zone: string): string[] {
  const sentences: string[] = [];
  if (terms.plays) sentences.push(`The link opens for ${terms.plays === 1 ? "one browser" : `${terms.plays} browsers`}.`);
  if (terms.linkUntil) sentences.push(`It lets people in until ${exact(terms.linkUntil, zone)}.`);
  if (terms.password) sentences.push("It asks for a password.");
  return sentences;
}

/** "one device, the first", "up to 3 devices, those that come first" */
function devices(count: number): string {
  return count === 1 ? "one device, the first" : `up to ${count} devices, those that come first`;
}

/** A link's password has at least so many characters; guesses are counted at its door. */
export const SHORTEST_LINK_PASSWORD = 6;

function linkConflicts(terms: Terms, now: number): Conflict[] {
  const found: Conflict[] = [];
  if (terms.plays != null && !(Number.isInteger(terms.plays) && terms.plays > 0)) found.push({ field: "max_plays", sentence: "Give at least one, or leave it empty for as many as like." });
  if (terms.linkUntil != null && !(terms.linkUntil > now)) found.push({ field: "redeem_until", sentence: "This time has already passed. Choose a later one." });
  if (terms.password && terms.password.length < SHORTEST_LINK_PASSWORD) found.push({ field: "link_password", sentence: `Use at least ${SHORTEST_LINK_PASSWORD} characters.` });
  return found;
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
  if (terms.holder === "link") found.push(...linkConflicts(terms, now));
  else if (terms.devices != null && !(Number.isInteger(terms.devices) && terms.devices > 0)) add("max_devices", "Give at least one, or leave it empty for no limit.");
  return found;
}

/** Allowed, but worth knowing; "" when there is nothing to say. `length`: the film's seconds. */
export function remark(terms: Terms, now: number, length: number | null): string {
  const window = terms.until === null ? null : (terms.until - Math.max(terms.from ?? now, now)) / 1000;
  if (length && terms.playback && terms.playback < length) {
    return `The film lasts ${span(Math.ceil(length / 60) * 60)}: they could not see it to its end in ${span(terms.playback)}.`;
  }
  if (window !== null && terms.playback && terms.playback > window && !terms.finish) {
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
