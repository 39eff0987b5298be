/** Where an address says to begin. Pure. */

const LONGEST_S = 24 * 3600;

/** Seconds of film in `?t=`, or null when it says nothing that can be meant. */
export function startOf(search: string): number | null {
  const said = new URLSearchParams(search).get("t") ?? "";
  const at = /^\d{1,5}(\.\d{1,3})?$/.test(said) ? Number(said) : Number.NaN;
  return at <= LONGEST_S ? at : null;
}
