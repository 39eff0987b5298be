/** From what people type into the forms of offers to what the API is asked. Pure. */

type Field = string | number | boolean | null | undefined;

/** A number of `unit` seconds each; null when nothing was typed. */
export function spanOf(count: Field, unit: number): number | null {
  return typeof count === "number" && Number.isFinite(count) ? Math.round(count * unit) : null;
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
