/** Where and how a film begins. Pure. */

/**
 * Bits a second that are taken for granted: few, so that the lowest rung is the first. It is the first that a film in the making
 * has, and the quickest to arrive.
 */
export const FIRST_BANDWIDTH = 300_000;

const LONGEST_S = 24 * 3600;

/** Seconds of film in `?t=`, or null when it says nothing that can be meant. */
export function startOf(search: string): number | null {
  const said = new URLSearchParams(search).get("t") ?? "";
  const at = /^\d{1,5}(\.\d{1,3})?$/.test(said) ? Number(said) : Number.NaN;
  return at <= LONGEST_S ? at : null;
}
