/** Draws a picture into the overlays of the page, and says aloud what changed. */

import { ref, setText, show, stamp } from "../ui/dom.ts";
import type { Overlay, OverlayName, Picture, Row } from "./show.ts";

const NAMES: OverlayName[] = ["loading", "buffering", "offline", "ending", "ended", "revoked", "elsewhere", "refused", "unsupported", "finished"];

export class Overlays {
  #screen: HTMLElement;
  #blocking: OverlayName | null = null;
  #said = "";

  constructor(screen: HTMLElement) {
    this.#screen = screen;
  }

  draw(picture: Picture): void {
    this.#screen.dataset["state"] = picture.state;
    this.#screen.dataset["code"] = picture.code;
    for (const name of NAMES) this.#drawOne(name, picture.overlays[name]);
    const place = ref(this.#screen, "licence-left");
    if (place && picture.licence) setText(this.#screen, "licence-left", picture.licence);
    this.#announce(picture);
  }

  #find(name: OverlayName): HTMLElement | null {
    return this.#screen.querySelector<HTMLElement>(`[data-overlay="${name}"]`);
  }

  #drawOne(name: OverlayName, overlay: Overlay | undefined): void {
    const place = this.#find(name);
    if (!place) return;
    if (overlay) {
      // Words that are not given leave the page's own in place.
      const title = place.querySelector("h2");
      if (title && overlay.title && title.textContent !== overlay.title) title.textContent = overlay.title;
      if (overlay.sentence) setText(place, "sentence", overlay.sentence);
      if (overlay.hint !== undefined) setText(place, "hint", overlay.hint);
      if (overlay.code !== undefined) setText(place, "code", overlay.code);
      if (overlay.left) setText(place, "left", overlay.left);
      drawRows(place, overlay.playing ?? []);
    }
    const wasHidden = place.hidden;
    show(place, overlay !== undefined);
    if (!place.hasAttribute("data-blocking")) return;
    if (overlay && wasHidden) this.#takeFocus(name, place);
    if (!overlay && this.#blocking === name) this.#giveFocus();
  }

  #takeFocus(name: OverlayName, place: HTMLElement): void {
    this.#blocking = name;
    place.querySelector<HTMLElement>("button:not([hidden]), a[href]")?.focus({ preventScroll: true });
  }

  #giveFocus(): void {
    this.#blocking = null;
    this.#screen.focus({ preventScroll: true });
  }

  /** States are told to screen readers, numbers and repetitions are not. */
  #announce(picture: Picture): void {
    const { ending, ...others } = picture.overlays;
    const first = Object.values(others)[0];
    const text = [first?.title, first?.sentence, first?.hint].filter(Boolean).join(" ") || (ending ? "Your licence ends soon." : "");
    if (text === this.#said) return;
    this.#said = text;
    setText(this.#screen, "live", text);
  }
}

/** Lists what may be stopped; the one button for any of them gives way to a button for each. */
function drawRows(place: HTMLElement, rows: readonly Row[]): void {
  const list = ref(place, "playing");
  if (!list) return;
  const drawn = rows.map((row) => row.id).join(" ");
  if (list.dataset["drawn"] !== drawn) {
    list.dataset["drawn"] = drawn;
    list.replaceChildren(...rows.map(rowElement));
  }
  show(list, rows.length > 0);
  show(place.querySelector('[data-action="take-over"]'), rows.length === 0);
}

function rowElement(row: Row): HTMLElement {
  const element = stamp("playing-row");
  setText(element, "device", row.device);
  setText(element, "detail", row.detail);
  const button = element.querySelector<HTMLElement>("[data-action]");
  if (button) {
    button.dataset["playback"] = row.id;
    button.setAttribute("aria-label", `Stop it and watch here: ${row.device}`);
  }
  return element;
}
