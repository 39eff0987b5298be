/** Buttons that copy a text, and say that they did; and the button that shows a password. */

import { ref } from "./dom.ts";
import { toast } from "./toast.ts";

export function copy(button: HTMLElement): void {
  let timer = 0;
  const label = ref(button, "label");
  const words = label?.textContent ?? "";
  button.addEventListener("click", async () => {
    if (!(await toClipboard(textOf(button)))) {
      toast("The browser does not let this page copy. Select the text and copy it by hand.", "warn");
      return;
    }
    button.dataset["copied"] = "";
    if (label) label.textContent = "Copied";
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      delete button.dataset["copied"];
      if (label) label.textContent = words;
    }, 2000);
  });
}

function textOf(button: HTMLElement): string {
  const given = button.dataset["copyText"];
  if (given !== undefined) return given;
  const source = document.querySelector(button.dataset["copy"] ?? "");
  return source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement ? source.value : (source?.textContent ?? "").trim();
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function reveal(button: HTMLElement): void {
  const field = document.getElementById(button.dataset["for"] ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    const label = ref(button, "label");
    if (label) label.textContent = shown ? "Hide" : "Show";
    else button.setAttribute("aria-label", shown ? "Hide the password" : "Show the password");
  });
}
