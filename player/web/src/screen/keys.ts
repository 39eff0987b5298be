/** The keys at the screen, as the house's key sheet lists them. */

import { isTyping } from "../ui/dom.ts";

export interface Remote {
  togglePlay(): void;
  skip(seconds: number): void;
  /** To a tenth of the film, 0 to 9. */
  tenth(number: number): void;
  louder(by: number): void;
  toggleMute(): void;
  toggleFullScreen(): void;
  toggleSubtitles(): void;
  faster(steps: number): void;
}

/** What a key does; null if it is not one of ours. Pure. */
export function actionOf(key: string): ((remote: Remote) => void) | null {
  if (/^[0-9]$/.test(key)) return (remote) => remote.tenth(Number(key));
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
    case "k":
      return (remote) => remote.togglePlay();
    case "j":
      return (remote) => remote.skip(-10);
    case "l":
      return (remote) => remote.skip(10);
    case "ArrowLeft":
      return (remote) => remote.skip(-5);
    case "ArrowRight":
      return (remote) => remote.skip(5);
    case "ArrowUp":
      return (remote) => remote.louder(0.05);
    case "ArrowDown":
      return (remote) => remote.louder(-0.05);
    case "m":
      return (remote) => remote.toggleMute();
    case "f":
      return (remote) => remote.toggleFullScreen();
    case "c":
      return (remote) => remote.toggleSubtitles();
    case "<":
      return (remote) => remote.faster(-1);
    case ">":
      return (remote) => remote.faster(1);
    default:
      return null;
  }
}

export function listenForRemote(remote: Remote, isBlocked: () => boolean): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (isBlocked() || document.querySelector("dialog[open]")) return;
    // A focused button or slider keeps the keys that work it.
    if (event.target instanceof HTMLElement && worksItself(event.target, event.key)) return;
    const action = actionOf(event.key);
    if (!action) return;
    event.preventDefault();
    action(remote);
  });
}

function worksItself(target: HTMLElement, key: string): boolean {
  if (key === " " || key === "Enter") return target.closest("button, a, summary") !== null;
  return target instanceof HTMLInputElement && target.type === "range" && key.startsWith("Arrow");
}
