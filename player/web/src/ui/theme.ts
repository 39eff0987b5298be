/** Dark, light, or as the system has it. */

import { setCookie } from "./dom.ts";

export function theme(element: HTMLElement): void {
  const now = document.documentElement.dataset["theme"] ?? "auto";
  for (const choice of element.querySelectorAll<HTMLInputElement>("input[name=theme]")) {
    choice.checked = choice.value === now;
    choice.addEventListener("change", () => {
      document.documentElement.dataset["theme"] = choice.value;
      setCookie("theme", choice.value);
    });
  }
}
