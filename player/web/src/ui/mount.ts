/** Brings `data-module` elements to life, once each; called again for parts of the page that were replaced. */

export type Mount = (element: HTMLElement) => void | Promise<void>;

const registry = new Map<string, Mount>();
const alive = new WeakMap<HTMLElement, Set<string>>();

export function register(modules: Record<string, Mount>): void {
  for (const [name, mount] of Object.entries(modules)) registry.set(name, mount);
}

/** Mounts `root` itself and everything in it. A module that fails leaves the others alone. */
export function mountAll(root: ParentNode = document): void {
  const elements = [...root.querySelectorAll<HTMLElement>("[data-module]")];
  if (root instanceof HTMLElement && root.dataset["module"]) elements.unshift(root);
  for (const element of elements) for (const name of (element.dataset["module"] ?? "").split(/\s+/)) mountOne(element, name);
}

function mountOne(element: HTMLElement, name: string): void {
  const mount = registry.get(name);
  const mounted = alive.get(element) ?? new Set();
  if (!mount || mounted.has(name)) return;
  alive.set(element, mounted.add(name));
  Promise.resolve()
    .then(() => mount(element))
    .catch((error: unknown) => console.error(`The module ${name} could not start.`, error));
}

/**
 * Fetches `address` and replaces what `selector` finds here by what it finds there. Answers the new element, or null
 * if either side lacks it.
 */
export async function refresh(selector: string, address: string, signal?: AbortSignal): Promise<HTMLElement | null> {
  const [fresh] = await refreshAll([selector], address, signal);
  return fresh ?? null;
}

/** As `refresh`, for several parts of a page that is fetched once; null stands for each that either side lacks. */
export async function refreshAll(selectors: readonly string[], address: string, signal?: AbortSignal): Promise<(HTMLElement | null)[]> {
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" }, ...(signal ? { signal } : {}) });
  if (!answer.ok) return [];
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return selectors.map((selector) => replace(selector, page));
}

function replace(selector: string, page: Document): HTMLElement | null {
  const fresh = page.querySelector<HTMLElement>(selector);
  const stale = document.querySelector<HTMLElement>(selector);
  if (!fresh || !stale) return null;
  const node = document.importNode(fresh, true);
  stale.replaceWith(node);
  mountAll(node);
  return node;
}
