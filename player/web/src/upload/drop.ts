/** Files dragged over the window: a veil invites them, a drop hands them over. */

import { show } from "../ui/dom.ts";

export function listenForDrops(veil: HTMLElement | null, take: (files: File[]) => void): void {
  let depth = 0;
  const withFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  const leave = (): void => {
    depth = 0;
    show(veil, false);
  };
  window.addEventListener("dragenter", (event) => {
    if (!withFiles(event)) return;
    depth++;
    show(veil, true);
  });
  window.addEventListener("dragleave", (event) => {
    if (withFiles(event) && --depth <= 0) leave();
  });
  window.addEventListener("dragover", (event) => {
    if (!withFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  window.addEventListener("drop", (event) => {
    if (!withFiles(event)) return;
    event.preventDefault();
    leave();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
