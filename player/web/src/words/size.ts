/** Sizes and speeds in decimal units, word for word as the server's player/format.py. Pure. */

import { plural } from "./time.ts";

const UNITS = [["kB", 1e3, 0], ["MB", 1e6, 1], ["GB", 1e9, 2]] as const;

/** "640 kB", "4.2 MB", "1.36 GB"; "" when not known */
export function size(bytes: number | null): string {
  if (bytes === null) return "";
  if (bytes < 1000) return plural(Math.max(0, bytes), "byte");
  const [unit, scale, places] = UNITS.find(([, one]) => bytes < one * 999.5) ?? (["GB", 1e9, 2] as const);
  const value = bytes / scale;
  const digits = Math.max(0, places - String(Math.trunc(value)).length + 1);
  return `${value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;
}

/** "8.2 MB/s"; a speed is never said finer than a kilobyte */
export function speed(bytesPerSecond: number): string {
  return bytesPerSecond < 1000 ? "0 kB/s" : `${size(Math.round(bytesPerSecond))}/s`;
}

/** Of a hundred, whole, never 100 before it is. */
export function percentOf(done: number, total: number): number {
  if (total <= 0) return done >= total ? 100 : 0;
  return wholePercent((100 * done) / total);
}

export function wholePercent(value: number): number {
  return value >= 100 ? 100 : Math.min(99, Math.max(0, Math.trunc(value)));
}

/** "12 %"; "" when not known */
export function percent(value: number | null): string {
  return value === null ? "" : `${wholePercent(value)} %`;
}
