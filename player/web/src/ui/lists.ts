/** Lists that filter while one types and grow when one comes to their end. */

import { debounce, ref } from "./dom.ts";
import { mountAll, refresh } from "./mount.ts";

export function search(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  const results = element.dataset["results"] ?? "#results";
  let running: AbortController | null = null;

  const run = async (): Promise<void> => {
    running?.abort();
    const mine = (running = new AbortController());
    const address = addressOf(element);
    document.querySelector(results)?.setAttribute("aria-busy", "true");
    try {
      const fresh = await refresh(results, address, mine.signal);
      if (!fresh) return;
      history.replaceState(history.state, "", address);
      const status = ref(element, "search-status") ?? ref(document, "search-status");
      if (status) status.textContent = fresh.dataset["count"] ?? "";
    } catch (error) {
      // An abandoned or failed search leaves the list as it was.
      if (!mine.signal.aborted) console.info("The search got no answer.", error);
    } finally {
      if (running === mine) document.querySelector(results)?.removeAttribute("aria-busy");
    }
  };

  element.addEventListener("input", debounce(() => void run(), 150));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });
}

function addressOf(form: HTMLFormElement): string {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && value) query.set(name, value);
  const text = query.toString();
  const path = new URL(form.action).pathname;
  return text ? `${path}?${text}` : path;
}

export function more(element: HTMLElement): void {
  if (!(element instanceof HTMLAnchorElement)) return;
  const link = element;
  let busy = false;
  const load = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    link.setAttribute("aria-busy", "true");
    const answer = await fetch(link.href, { credentials: "same-origin", headers: { Accept: "text/html" } }).catch(() => null);
    link.removeAttribute("aria-busy");
    busy = false;
    if (!answer?.ok) return;
    append(link, new DOMParser().parseFromString(await answer.text(), "text/html"));
    watcher.disconnect();
  };
  const watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void load(), { rootMargin: "600px" });
  watcher.observe(link);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    void load();
  });
}

function append(link: HTMLAnchorElement, page: Document): void {
  const selector = link.dataset["list"] ?? "";
  const list = document.querySelector(selector);
  const fresh = page.querySelector(selector);
  if (!list || !fresh) return;
  const added = [...fresh.children].map((child) => document.importNode(child, true));
  const hadFocus = document.activeElement === link;
  list.append(...added);
  const next = page.querySelector<HTMLElement>("a[data-module=more]");
  if (next) link.replaceWith(document.importNode(next, true));
  else link.remove();
  if (hadFocus) added[0]?.querySelector<HTMLElement>("a, button")?.focus();
  mountAll(document);
}

/** A guest link typed or pasted: the whole address, the path, or the token alone. */
export function enterLink(element: HTMLElement): void {
  if (!(element instanceof HTMLFormElement)) return;
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = String(new FormData(element).get("link") ?? "").trim();
    const path = doorOf(typed, location.origin);
    const place = element.querySelector<HTMLElement>('[data-error-for="link"]');
    if (place) {
      place.hidden = path !== null;
      place.textContent = path === null ? "This is not a link of this house. It looks like this: " + location.origin + "/l/…" : "";
    }
    if (path !== null) location.assign(path);
  });
}

/** The path of the door a text means, or null. */
export function doorOf(typed: string, origin: string): string | null {
  const token = /^[A-Za-z0-9_-]{16,}$/;
  if (token.test(typed)) return `/l/${typed}`;
  try {
    const address = new URL(typed, origin);
    const [, room, name, ...rest] = address.pathname.split("/");
    const ours = address.origin === new URL(origin).origin && room === "l" && rest.join("") === "";
    return ours && name && /^[A-Za-z0-9_-]+$/.test(name) ? `/l/${name}` : null;
  } catch {
    return null;
  }
}
