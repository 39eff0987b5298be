/** The words of subtitle tracks in the studio, and what is sent of them. Pure. */

/** What a form does to a track. */
export type Deed = "add" | "replace" | "change" | "remove";

/** What is said of a track. */
export interface Words {
  language: string;
  label: string;
  sdh: boolean;
  forced: boolean;
  default: boolean;
}

export function titleFor(deed: Deed, shown: string): string {
  const name = shown ? `“${shown}”` : "these subtitles";
  if (deed === "add") return "Add subtitles";
  return deed === "replace" ? `Replace ${name}` : `Change ${name}`;
}

export function verbFor(deed: Deed): string {
  return { add: "Add", replace: "Replace", change: "Save", remove: "Remove" }[deed];
}

/** What is told when it is done. */
export function said(deed: Deed): string {
  const done = { add: "The subtitles are there.", replace: "The new subtitles are there.", change: "Saved.", remove: "The subtitles are gone." }[deed];
  return `${done} Whoever opens the film from now on finds it so.`;
}

/** The address a file is sent to; `replaces` names the track it takes the place of. */
export function pathFor(url: string, words: Words, replaces: string): string {
  const query = new URLSearchParams({ language: words.language, label: words.label });
  for (const flag of ["sdh", "forced", "default"] as const) if (words[flag]) query.set(flag, "true");
  if (replaces) query.set("replaces", replaces);
  return `${url}?${query}`;
}

/** The language that a file's name tells ("film.de.srt", "film.pt-BR.forced.vtt"), if it is one of `known`. */
export function languageOf(filename: string, known: readonly string[]): string | null {
  const parts = filename.toLowerCase().split(/[._\s]+/).slice(1, -1).reverse();
  for (const part of parts) {
    const short = part.split("-", 1)[0] ?? "";
    if (short !== "und" && known.includes(short)) return short;
  }
  return null;
}
