/**
 * Tells the house how the film plays, and nobody else: CMCD (CTA-5004) version 2, event mode, at the playback's own door. The content's
 * id is the playback's; there is no id of a person or a device. Shaka has a reporter of its own, but its build (5.2.12) loses the
 * play state, and it could not send the last word when the page is left.
 */

/** As CMCD calls them: starting, playing, seeking, rebuffering, paused, ended, failed. */
type PlayState = "s" | "p" | "k" | "r" | "a" | "e" | "f";

const EVERY_MS = 30_000;
const TOGETHER_MS = 3000;
const MANY = 16;

export class Reports {
  /** Bits a second of what is played now; 0 if that is not known. */
  #rate: () => number;
  #address = "";
  #playback = "";
  #begun = 0;
  #startup = false;
  #state: PlayState = "s";
  #kilobits = 0;
  #number = 0;
  #lines: string[] = [];
  #soon = 0;
  #tick = 0;

  constructor(video: HTMLVideoElement, rate: () => number) {
    this.#rate = rate;
    const entering = (event: string, state: PlayState): void => video.addEventListener(event, () => this.#enter(state));
    entering("playing", "p");
    entering("seeking", "k");
    entering("waiting", "r");
    entering("ended", "e");
    video.addEventListener("pause", () => !video.ended && this.#enter("a"));
    video.addEventListener("seeked", () => video.paused && this.#enter("a"));
    window.addEventListener("pagehide", () => this.#send());
  }

  /** Another playback is about to be loaded. */
  begin(playlist: string, playback: string): void {
    this.end();
    this.#address = reportAddress(playlist);
    this.#playback = playback;
    this.#begun = Date.now();
    this.#startup = true;
    this.#kilobits = 0;
    this.#number = 0;
    this.#state = "s";
    this.#say("ps");
    this.#tick = window.setInterval(() => this.#say("t"), EVERY_MS);
  }

  /** The playback is over. */
  end(): void {
    window.clearInterval(this.#tick);
    this.#send();
    this.#address = "";
  }

  bitrate(): void {
    const kilobits = Math.round(this.#rate() / 1000);
    if (kilobits === this.#kilobits || kilobits === 0) return;
    this.#kilobits = kilobits;
    this.#say("bc");
  }

  error(): void {
    this.#say("e");
  }

  #enter(state: PlayState): void {
    if (state === this.#state || !this.#address) return;
    this.#state = state;
    const first = state === "p" && this.#startup;
    if (state === "p") {
      this.#startup = false;
      this.#kilobits = Math.round(this.#rate() / 1000);
    }
    this.#say("ps", first ? Date.now() - this.#begun : null);
    if (state === "e") this.#send();
  }

  #say(event: "ps" | "bc" | "t" | "e", startup: number | null = null): void {
    if (!this.#address) return;
    this.#lines.push(line({ event, at: Date.now(), number: this.#number++, playback: this.#playback, state: this.#state, kilobits: this.#kilobits, startup }));
    if (this.#lines.length >= MANY) this.#send();
    else if (this.#soon === 0) this.#soon = window.setTimeout(() => this.#send(), TOGETHER_MS);
  }

  /** What gets lost is lost: no report is worth a second try while a film plays. */
  #send(): void {
    window.clearTimeout(this.#soon);
    this.#soon = 0;
    const lines = this.#lines.splice(0);
    if (lines.length === 0 || !this.#address) return;
    const body = `${lines.join("\n")}\n`;
    void fetch(this.#address, { method: "POST", headers: { "Content-Type": "application/cmcd" }, body, keepalive: true }).catch(() => undefined);
  }
}

interface Said {
  event: string;
  at: number;
  number: number;
  playback: string;
  state: string;
  kilobits: number;
  startup: number | null;
}

/** One report as a dictionary of structured fields (RFC 8941 §3.2), keys in order as CTA-5004 wants them. */
export function line({ event, at, number, playback, state, kilobits, startup }: Said): string {
  const bitrate = kilobits > 0 ? `br=(${kilobits}),` : "";
  const start = startup === null ? "" : `msd=${Math.max(0, Math.round(startup))},`;
  return `${bitrate}cid="${playback}",e=${event},${start}sn=${number},sta=${state},ts=${at},v=2`;
}

/** The door at which a playback's player reports. */
export function reportAddress(playlist: string): string {
  return playlist.replace(/main\.m3u8$/, "cmcd");
}
