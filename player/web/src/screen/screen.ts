/** The screen: opens a playback, gives it to the engine, and folds all that happens into one state that is drawn. */

import { serverClock } from "../api/clock.ts";
import { call } from "../api/http.ts";
import { OFFLINE, type Problem, problemOf } from "../api/problem.ts";
import type { Playback } from "../api/types.ts";
import { deviceName } from "../accounts/shared.ts";
import { need } from "../ui/dom.ts";
import { clockTime } from "../words/time.ts";
import { EarlyAnswers } from "./early.ts";
import type { Engine } from "./engine.ts";
import { type EngineError, engineProblem, httpFault, isCritical } from "./faults.ts";
import { firstFrame } from "./first-frame.ts";
import { listenForRemote } from "./keys.ts";
import { Lease, moment } from "./lease.ts";
import { Patience } from "./network.ts";
import { Overlays } from "./overlays.ts";
import { remoteFor } from "./remote.ts";
import { picture } from "./show.ts";
import { FIRST_BANDWIDTH, startOf } from "./start.ts";
import { type ScreenEvent, type ScreenState, WARN_MS, begin, mendsByReopening, reduce } from "./state.ts";

const TICK_MS = 250;
const FORGOTTEN_MS = 5000;
/** A film that shows nothing for so long has its controls all the same. */
const LONGEST_BARE_MS = 1500;
/** A playback that had to be mended twice within this time is not mended again by itself. */
const MEND_MS = 20_000;

export class Screen {
  #root: HTMLElement;
  #container: HTMLElement;
  #video: HTMLVideoElement;
  #overlays: Overlays;
  #state: ScreenState;
  #patience: Patience;
  #early = new EarlyAnswers(location.href);
  #engine: Engine | null = null;
  #lease: Lease | null = null;
  #attempt = 0;
  #mendedAt = -Infinity;
  #stoppedAt = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#container = need(root, "container");
    this.#video = need<HTMLVideoElement>(root, "video");
    this.#overlays = new Overlays(root);
    this.#state = begin(serverClock.now(), navigator.onLine);
    this.#patience = new Patience({
      held: (until) => this.#tell({ type: "held", until }),
      // While a new playback is being asked for, refusals are echoes of the old one.
      refused: (fault) => void (this.#state.phase === "opening" || this.#refused(fault.problem)),
      renew: async () => (await this.#lease?.renew()) === null,
    });
  }

  async start(): Promise<void> {
    this.#listen();
    // In full screen only what lies in the container is seen.
    this.#container.append(...document.querySelectorAll("#toasts"));
    this.#overlays.draw(picture(this.#state));
    window.setInterval(() => this.#tick(), TICK_MS);
    await this.open(takeStart());
  }

  /** Asks for a playback and plays it. `at`: seconds to begin at; null for where the viewer left. */
  async open(at: number | null, takeOver = false): Promise<void> {
    const attempt = ++this.#attempt;
    this.#lease?.release();
    this.#early.clear();
    this.#tell({ type: "opening" });
    try {
      // The engine is fetched while the server decides.
      const [playback, engine] = await Promise.all([this.#ask(at, takeOver, attempt), this.#ready(), this.#engine?.unload()]);
      if (attempt !== this.#attempt || !playback || !engine) return;
      const endsAt = moment(playback.ends_at);
      this.#tell({ type: "opened", endsAt, warnAt: moment(playback.warn_at) ?? (endsAt === null ? null : endsAt - WARN_MS) });
      this.#lease = this.#leaseOf(playback);
      // What has not been asked for by then was for another quality.
      this.#video.addEventListener("playing", () => this.#early.clear(), { once: true });
      await engine.load(playback.playlist_url, at ?? playback.start_at_s ?? 0, playback.playback_id, playback.licence_url);
      if (attempt !== this.#attempt) return;
      // A browser that wants a click first leaves the film paused, with its button shown.
      await this.#video.play().catch(() => this.#tell({ type: "paused" }));
    } catch (error) {
      if (attempt === this.#attempt) await this.#failedToOpen(error);
    }
  }

  /** Asks until there is an answer that counts: a missing connection is waited for. */
  async #ask(at: number | null, takeOver: boolean, attempt: number): Promise<Playback | null> {
    const url = this.#root.dataset["playbackUrl"] ?? "";
    for (let pause = 1000; attempt === this.#attempt; pause = Math.min(pause * 2, 10_000)) {
      try {
        const bootstrap = { bandwidth: FIRST_BANDWIDTH, ...(at === null ? {} : { at }) };
        const playback = await call<Playback>("POST", url, { device: deviceName(), bootstrap, ...(takeOver ? { take_over: true } : {}) });
        // The first segments are on their way before the engine is ready to ask for them.
        if (attempt === this.#attempt) this.#early.begin(playback.bootstrap);
        return playback;
      } catch (error) {
        const problem = problemOf(error);
        const away = problem.code === OFFLINE.code || problem.status === 502 || problem.status === 503;
        const passes = away || problem.code === "not_playable_yet";
        if (!passes) throw error;
        await new Promise((resolve) => window.setTimeout(resolve, (problem.retryAfter ?? 0) * 1000 || pause));
      }
    }
    return null;
  }

  async #ready(): Promise<Engine | null> {
    if (this.#engine) return this.#engine;
    const { Engine } = await import("./engine.ts");
    if (!Engine.isSupported() || !globalThis.crypto?.subtle) {
      this.#stop(unsupported());
      return null;
    }
    this.#engine = await Engine.create(this.#container, this.#video, this.#patience, this.#early, { failed: (error) => void this.#engineFailed(error) });
    const remote = remoteFor(this.#engine, this.#video);
    listenForRemote(remote, () => this.#state.phase === "stopped" || this.#state.phase === "opening");
    void this.#followControls(this.#engine);
    return this.#engine;
  }

  #leaseOf(playback: Playback): Lease {
    return new Lease(playback, {
      position: () => ({ position_s: Math.max(0, Math.round(this.#video.currentTime * 1000) / 1000), playing: !this.#video.paused }),
      renewed: (endsAt) => this.#tell({ type: "renewed", endsAt }),
      refused: (problem) => void this.#refused(problem),
    });
  }

  /** A refusal by any door: mend it silently if that can be, else stop and say why. */
  async #refused(problem: Problem): Promise<void> {
    if (this.#state.phase === "stopped") return;
    if (mendsByReopening(problem.code) && performance.now() - this.#mendedAt > MEND_MS) {
      this.#mendedAt = performance.now();
      const at = this.#video.currentTime;
      await this.open(at > 0 ? at : null);
      return;
    }
    this.#stop(problem);
  }

  async #engineFailed(error: EngineError): Promise<void> {
    if (!isCritical(error) || this.#state.phase === "stopped" || this.#state.phase === "opening") return;
    // Refusals were told by Patience already; of anything else the server may know the reason.
    if (httpFault(error)) return;
    const reason = await this.#lease?.renew();
    if (!reason || reason.code === OFFLINE.code) this.#stop(engineProblem(error));
  }

  async #failedToOpen(error: unknown): Promise<void> {
    if (this.#state.phase === "stopped" || this.#state.phase === "opening" && isEngineError(error) && httpFault(error)) return;
    if (!isEngineError(error)) return this.#stop(problemOf(error));
    const fault = httpFault(error);
    if (fault) return this.#refused(fault.problem);
    // 7000: the load was interrupted by a newer one.
    if (error.code !== 7000) await this.#engineFailed({ ...error, severity: 2 });
  }

  #stop(problem: Problem): void {
    if (this.#state.phase === "stopped") return;
    this.#attempt++;
    this.#stoppedAt = this.#video.currentTime;
    this.#tell({ type: "stopped", problem });
    this.#lease?.release();
    this.#early.clear();
    this.#leaveSmallPlaces();
    void this.#engine?.unload().catch(() => undefined);
  }

  /** What is said lies in the page: it must not be hidden behind a floating picture. */
  #leaveSmallPlaces(): void {
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => undefined);
  }

  #tick(): void {
    const now = serverClock.now();
    this.#tell({ type: "tick", now });
    this.#tell({ type: "encoding", still: this.#engine?.isGrowing() ?? false });
    this.#nudgeIfForgotten(now);
    void this.#takeMore();
    if (this.#state.phase === "playing") this.#engine?.askAhead();
    const { endsAt, phase } = this.#state;
    if (endsAt !== null && now >= endsAt && phase !== "stopped" && phase !== "opening") void this.#licenceIsOver(endsAt);
  }

  /** Waiting although nothing is asked for: the engine lost its thread (a seek into a change of quality can do that). */
  #nudgedAt = 0;
  #nudgeIfForgotten(now: number): void {
    const { phase, stuckSince, online, encoding } = this.#state;
    const quiet = this.#patience.open === 0 && now - Math.max(stuckSince ?? now, this.#nudgedAt) > FORGOTTEN_MS;
    if (phase !== "waiting" || !online || encoding || !quiet) return;
    this.#nudgedAt = now;
    this.#engine?.nudge();
  }

  /** A film that was opened in the making has had few qualities: when there are more, they are taken without a question. */
  #taking = false;
  async #takeMore(): Promise<void> {
    const engine = this.#engine;
    const { phase, online } = this.#state;
    if (this.#taking || !engine || !online || !["playing", "waiting", "paused"].includes(phase)) return;
    const attempt = this.#attempt;
    this.#taking = true;
    try {
      if ((await engine.hasMoreToOffer()) && attempt === this.#attempt) await engine.refresh();
    } catch (error) {
      if (attempt === this.#attempt) await this.#failedToOpen(error);
    } finally {
      this.#taking = false;
    }
  }

  /** The end has come by the server's clock: ask it, for it may have been extended; if it is away, the end stands. */
  #asking = false;
  async #licenceIsOver(endsAt: number): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const answer = await this.#lease?.renew();
    this.#asking = false;
    if (this.#state.phase === "stopped" || this.#state.phase === "opening") return;
    if (answer?.code === OFFLINE.code || this.#state.endsAt === endsAt) this.#stop(ended(endsAt, this.#root.dataset["owner"] ?? ""));
  }

  #listen(): void {
    const tell = (type: "playing" | "paused" | "waiting" | "finished") => (): void => this.#tell({ type });
    this.#video.addEventListener("playing", tell("playing"));
    this.#video.addEventListener("pause", () => !this.#video.ended && this.#tell({ type: "paused" }));
    this.#video.addEventListener("waiting", tell("waiting"));
    this.#video.addEventListener("ended", tell("finished"));
    // A seek while playing is a wait; while paused the new still is shown without a word.
    this.#video.addEventListener("seeking", () => !this.#video.paused && this.#tell({ type: "waiting" }));
    this.#video.addEventListener("seeked", () => !this.#video.paused && this.#video.readyState > 2 && this.#tell({ type: "playing" }));
    window.addEventListener("online", () => this.#tell({ type: "online", now: true }));
    window.addEventListener("offline", () => this.#tell({ type: "online", now: false }));
    window.addEventListener("pagehide", () => this.#lease?.release());
    window.addEventListener("pageshow", (event) => event.persisted && void this.open(this.#video.currentTime));
    this.#root.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-action]") : null;
      if (button) this.#act(button.dataset["action"] ?? "", button.dataset["playback"] ?? "");
      const way = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
      if (way && this.#lease && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        void this.#leave(way.href);
      }
    });
  }

  /** The next page says where to continue, so it is opened when that is known. */
  async #leave(address: string): Promise<void> {
    const left = this.#lease?.leave();
    this.#video.pause();
    await left;
    location.assign(address);
  }

  #act(action: string, playback = ""): void {
    if (action === "stop-there") void this.#stopThere(playback);
    if (action === "retry" || action === "take-over") void this.open(this.#stoppedAt || null, action === "take-over");
    if (action === "reload") location.reload();
    if (action === "dismiss") this.#tell({ type: "dismissed" });
    if (action === "replay") {
      this.#engine?.seek(0);
      void this.#video.play().catch(() => undefined);
    }
  }

  /** Frees the screen of another device, and watches here. That it has stopped by itself meanwhile is as good. */
  async #stopThere(playback: string): Promise<void> {
    this.#tell({ type: "opening" });
    try {
      await call("DELETE", `/api/v1/playbacks/${encodeURIComponent(playback)}`);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status !== 404) return this.#stop(problem);
    }
    await this.open(this.#stoppedAt || null);
  }

  /** Makes the controls when the first frame is there; the page's top bar comes and goes with them. */
  async #followControls(engine: Engine): Promise<void> {
    await firstFrame(this.#video, LONGEST_BARE_MS);
    engine.controls();
    const controls = this.#container.querySelector(".shaka-controls-container");
    if (!controls) return;
    const follow = (): void => void this.#container.toggleAttribute("data-idle", controls.getAttribute("shown") !== "true");
    new MutationObserver(follow).observe(controls, { attributes: true, attributeFilter: ["shown"] });
    follow();
  }

  #tell(event: ScreenEvent): void {
    const before = this.#state;
    this.#state = reduce(before, event);
    if (this.#state !== before) this.#overlays.draw(picture(this.#state));
  }
}

/** Where the address says to begin (a chapter), said once: loaded anew, the film goes on where it was. */
function takeStart(): number | null {
  const at = startOf(location.search);
  if (location.search) history.replaceState(history.state, "", location.pathname);
  return at;
}

function isEngineError(error: unknown): error is EngineError {
  return typeof error === "object" && error !== null && "severity" in error && "category" in error && "data" in error;
}

function unsupported(): Problem {
  const secure = globalThis.isSecureContext;
  return {
    status: 0,
    code: "unsupported",
    detail: secure ? "This browser lacks what is needed to decrypt the film while it plays." : "Browsers decrypt films only on https addresses and on localhost.",
    hint: secure ? "A current Firefox, Chrome, Edge or Safari can. Open this page there." : "Open Matinee through an https address.",
    retryAfter: null,
  };
}

function ended(at: number, owner: string): Problem {
  return {
    status: 0,
    code: "licence_ended",
    detail: `This licence ended at ${clockTime(at)}.`,
    hint: `Ask ${owner || "whoever gave you the licence"} for more time.`,
    retryAfter: null,
  };
}
