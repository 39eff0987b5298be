/** The time in the controls: "12:04 / 1:32:10", and while the film is still being made "0:12 / 0:48 so far". */

import shaka from "./shaka.ts";
import { timeWords } from "./show.ts";

class TimeLabel extends shaka.ui.Element {
  #label: HTMLElement;

  constructor(parent: HTMLElement, controls: shaka.ui.Controls) {
    super(parent, controls);
    this.#label = document.createElement("div");
    this.#label.className = "shaka-current-time film-time";
    parent.append(this.#label);
    controls.addEventListener("timeandseekrangeupdated", () => this.#update(controls));
  }

  #update(controls: shaka.ui.Controls): void {
    const player = controls.getPlayer();
    const range = player?.seekRange();
    if (!player || !range || !Number.isFinite(range.end)) return;
    // What is loaded already is there, even if the range lags behind a growing film.
    const end = Math.max(range.end, ...player.getBufferedInfo().total.map((one) => one.end));
    const text = timeWords(controls.getDisplayTime() - range.start, end - range.start, player.isDynamic());
    if (this.#label.textContent !== text) this.#label.textContent = text;
  }
}

let registered = false;

export function registerTimeLabel(): void {
  if (registered) return;
  registered = true;
  shaka.ui.Controls.registerElement("film_time", {
    create: (parent: HTMLElement, controls: shaka.ui.Controls) => new TimeLabel(parent, controls),
  });
}
