/** Small helpers over the DOM contract: `data-module` elements with `data-ref` parts. */

/** The part named `name` inside `root`, or null. */
export function ref<T extends HTMLElement = HTMLElement>(root: ParentNode, name: string): T | null {
  return root.querySelector<T>(`[data-ref="${name}"]`);
}

/** The part named `name`; a template without it is a fault of ours. */
export function need<T extends HTMLElement = HTMLElement>(root: ParentNode, name: string): T {
  const found = ref<T>(root, name);
  if (!found) throw new Error(`The page lacks its part “${name}”.`);
  return found;
}

/** Sets the words of a part; of a field its value. */
export function setText(root: ParentNode, name: string, text: string): void {
  const part = ref(root, name);
  if (part instanceof HTMLInputElement) part.value = text;
  else if (part && part.textContent !== text) part.textContent = text;
}

export function show(element: Element | null, visible: boolean): void {
  if (element instanceof HTMLElement || element instanceof SVGElement) element.toggleAttribute("hidden", !visible);
}

/** Sets the value of a progress bar; null makes it indeterminate. */
export function setBar(bar: HTMLElement | null, value: number | null): void {
  if (!(bar instanceof HTMLProgressElement)) return;
  if (value === null) bar.removeAttribute("value");
  else bar.value = value;
}

/** A copy of a `<template>`'s one element. */
export function stamp(id: string): HTMLElement {
  const template = document.getElementById(id);
  const first = template instanceof HTMLTemplateElement ? template.content.firstElementChild : null;
  if (!first) throw new Error(`The page lacks the template “${id}”.`);
  return document.importNode(first, true) as HTMLElement;
}

/** Whether a key press belongs to a field. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["button", "checkbox", "radio", "range", "submit"].includes(target.type);
}

/** Calls `act` once `quiet` milliseconds passed without another call; `cancel` takes a pending call back. */
export function debounce(act: () => void, quiet: number): { (): void; cancel(): void } {
  let timer = 0;
  const soon = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(act, quiet);
  };
  return Object.assign(soon, { cancel: () => window.clearTimeout(timer) });
}

export function setCookie(name: string, value: string): void {
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=31536000; SameSite=Lax`;
}

export function readCookie(name: string): string | null {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
}
