/** What revoking does to those who watch, in words. Pure. */

export function watchingWords(watching: number): string {
  if (watching <= 0) return "Nobody is watching now.";
  if (watching === 1) return "One person is watching; they stop within a minute.";
  return `${watching.toLocaleString("en-US")} people are watching; they stop within a minute.`;
}
