/** Dialogs, menus and the keys of the house. `<dialog>` itself traps the focus; it is given back here. */

import { isTyping } from "./dom.ts";

/** Opens a dialog as modal and gives the focus back to where it was when it closes. */
export function openDialog(dialog: HTMLDialogElement): void {
  if (dialog.open) return;
  const before = document.activeElement;
  dialog.addEventListener("close", () => before instanceof HTMLElement && before.isConnected && before.focus(), { once: true });
  dialog.showModal();
}

export function openDialogById(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement) openDialog(dialog);
}

/** Buttons that open and close dialogs, anywhere in the page. */
export function listenForDialogs(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest<HTMLElement>("[data-open-dialog]");
    if (opener) openDialogById(opener.dataset["openDialog"] ?? "");
    const closer = event.target.closest("[data-close-dialog]");
    if (closer) closer.closest("dialog")?.close();
    // A click on the backdrop has the dialog itself as its target, outside of its box.
    if (event.target instanceof HTMLDialogElement && isOutside(event.target, event)) event.target.close();
  });
}

function isOutside(dialog: HTMLDialogElement, event: MouseEvent): boolean {
  if (event.detail === 0) return false;
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

/** `?` shows the keys, `/` searches, `g` then a letter goes to a room. */
export function listenForKeys(): void {
  let going = 0;
  const rooms: Record<string, string> = { f: "/", s: "/studio", a: "/account" };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "?") openDialogById("keys");
    else if (event.key === "/") focusSearch(event);
    else if (event.key === "g") going = event.timeStamp;
    else if (going && event.timeStamp - going < 1500 && rooms[event.key] && !document.querySelector("dialog[open]")) {
      location.assign(rooms[event.key]!);
    }
    if (event.key !== "g") going = 0;
  });
}

function focusSearch(event: KeyboardEvent): void {
  const field = document.querySelector<HTMLInputElement>('[data-ref="search-input"]');
  if (!field || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  field.focus();
  field.select();
}

/** `details[data-module=menu]`: closes on Escape and on a click elsewhere. */
export function menu(element: HTMLElement): void {
  if (!(element instanceof HTMLDetailsElement)) return;
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    event.stopPropagation();
    element.open = false;
    element.querySelector("summary")?.focus();
  });
  document.addEventListener("click", (event) => {
    if (element.open && event.target instanceof Node && !element.contains(event.target)) element.open = false;
  });
}
