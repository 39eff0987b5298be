/** What the ways in have in common: fields, lengths, the device's name, where to go next. */

import { missingCrypto } from "../vault/client.ts";
import { ref, show } from "../ui/dom.ts";
import { showFieldError } from "../ui/forms.ts";

export const SHORTEST_PASSWORD = 10;

export interface AccountAnswer {
  account: { id: string; name: string };
  keys: { wrapped_private: string };
}

/** A field's text. */
export function field(form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name) ?? "");
}


/** Checks a new password and its repetition; shows what is wrong. */
export function newPassword(form: HTMLFormElement): string | null {
  const password = field(form, "password");
  if (password.length < SHORTEST_PASSWORD) {
    showFieldError(form, "password", `Use at least ${SHORTEST_PASSWORD} characters. A few words you like make a good password.`);
    focusField(form, "password");
    return null;
  }
  if (form.elements.namedItem("again") && field(form, "again") !== password) {
    showFieldError(form, "again", "This is not the same as the password above.");
    focusField(form, "again");
    return null;
  }
  return password;
}

export function focusField(form: HTMLFormElement, name: string): void {
  const wrong = form.elements.namedItem(name);
  if (wrong instanceof HTMLElement) wrong.focus();
}

/** Runs `work` while the "making your keys" line shows. */
export async function whileDeriving<T>(form: HTMLElement, work: () => Promise<T>): Promise<T> {
  const missing = missingCrypto();
  if (missing) throw new Error(missing);
  show(ref(form, "busy"), true);
  try {
    return await work();
  } finally {
    show(ref(form, "busy"), false);
  }
}

/** The length of a password in words: length alone counts. */
export function strength(password: string): string {
  const missing = SHORTEST_PASSWORD - password.length;
  if (password === "") return `At least ${SHORTEST_PASSWORD} characters.`;
  if (missing > 0) return `${missing} more ${missing === 1 ? "character" : "characters"}.`;
  return password.length < 16 ? "Long enough. Longer is better." : "Good and long.";
}

/** "Chromium on Linux": what the list of devices will show. */
export function deviceName(agent: string = navigator.userAgent): string {
  const browsers: [RegExp, string][] = [
    [/Edg\//, "Edge"],
    [/OPR\//, "Opera"],
    [/Firefox\//, "Firefox"],
    [/HeadlessChrome\/|Chromium\//, "Chromium"],
    [/Chrome\//, "Chrome"],
    [/Safari\//, "Safari"],
  ];
  const systems: [RegExp, string][] = [
    [/iPhone/, "iPhone"],
    [/iPad/, "iPad"],
    [/Android/, "Android"],
    [/Windows/, "Windows"],
    [/Mac OS X/, "Mac"],
    [/CrOS/, "ChromeOS"],
    [/Linux/, "Linux"],
  ];
  const first = (list: [RegExp, string][], fallback: string): string => list.find(([sign]) => sign.test(agent))?.[1] ?? fallback;
  return `${first(browsers, "A browser")} on ${first(systems, "a device")}`;
}

/** A path of this house to go to after logging in; anything else goes to the foyer. */
export function nextPath(wanted: string | undefined, origin: string = location.origin): string {
  try {
    const address = new URL(wanted || "/", origin);
    return address.origin === origin ? address.pathname + address.search + address.hash : "/";
  } catch {
    return "/";
  }
}
