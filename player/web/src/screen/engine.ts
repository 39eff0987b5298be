/** Shaka Player, set up for this house: starts at once, at the beginning, and never goes on after a refusal. */

import { KeysAhead, type SegmentIndex } from "./ahead.ts";
import { attachClearKey, drmSettings } from "./clearkey.ts";
import { controlsFor } from "./controls.ts";
import { type EarlyAnswers, type Operation, schemeOf } from "./early.ts";
import type { EngineError } from "./faults.ts";
import { Hosts } from "./hosts.ts";
import { Reports } from "./reports.ts";
import type { Patience } from "./network.ts";
import { Rungs } from "./rungs.ts";
import shaka from "./shaka.ts";
import { FIRST_BANDWIDTH } from "./start.ts";
import { Storyboard } from "./storyboard.ts";

export interface EngineEvents {
  /** The engine cannot go on. */
  failed(error: EngineError): void;
}

/** Practically endless: Patience decides when to give up. */
const STUBBORN = { maxAttempts: 1000, baseDelay: 700, backoffFactor: 1.25, fuzzFactor: 0.3, timeout: 30_000, stallTimeout: 10_000, connectionTimeout: 10_000 };

const HLS = "application/x-mpegurl";

export class Engine {
  readonly player: shaka.Player;
  #container: HTMLElement;
  #controls: shaka.ui.Controls | null = null;
  #video: HTMLVideoElement;
  #patience: Patience;
  #storyboard = new Storyboard();
  #rungs = new Rungs();
  #hosts = new Hosts();
  #reports: Reports;
  #ahead = new KeysAhead();
  #playlist = "";

  private constructor(player: shaka.Player, container: HTMLElement, video: HTMLVideoElement, patience: Patience) {
    this.player = player;
    this.#container = container;
    this.#video = video;
    this.#patience = patience;
    this.#reports = new Reports(video, () => player.getVariantTracks().find((track) => track.active)?.bandwidth ?? 0);
    for (const change of ["adaptation", "variantchanged"]) player.addEventListener(change, () => this.#reports.bitrate());
    player.addEventListener("error", () => this.#reports.error());
  }

  static isSupported(): boolean {
    shaka.polyfill.installAll();
    return shaka.Player.isBrowserSupported();
  }

  static async create(container: HTMLElement, video: HTMLVideoElement, patience: Patience, early: EarlyAnswers, events: EngineEvents): Promise<Engine> {
    takeEarly(early);
    const player = new shaka.Player();
    player.configure(playerSettings());
    // Subtitles are drawn in the container, above the controls; natively they would lie beneath them.
    player.setVideoContainer(container);
    await player.attach(video);
    const networking = player.getNetworkingEngine();
    if (!networking) throw new Error("The player has no network.");
    const engine = new Engine(player, container, video, patience);
    patience.attach(networking as unknown as Parameters<Patience["attach"]>[0], (address) => engine.#hosts.failed(address));
    attachClearKey(networking as unknown as Parameters<typeof attachClearKey>[0]);
    engine.#hosts.attach(networking as unknown as Parameters<Hosts["attach"]>[0]);
    engine.#rungs.attach(networking as unknown as Parameters<Rungs["attach"]>[0]);
    engine.#storyboard.attach(networking as unknown as Parameters<Storyboard["attach"]>[0]);
    player.addEventListener("downloadcompleted", () => patience.closed());
    player.addEventListener("downloadfailed", () => patience.closed());
    player.addEventListener("error", (event: Event) => events.failed((event as Event & { detail: EngineError }).detail));
    return engine;
  }

  /** The controls, made when they are first asked for: that takes as long as all else before the first frame. */
  controls(): shaka.ui.Controls {
    return (this.#controls ??= controlsFor(this.player, this.#container, this.#video));
  }

  /** Loads and begins; `licence` is where a film under `cbcs` has its keys. Rejects with an EngineError that was not told to `failed`. */
  async load(playlist: string, startAt: number, playback: string, licence: string | null): Promise<void> {
    this.#patience.reset();
    this.#reports.begin(playlist, playback);
    this.#storyboard.begin(playlist);
    this.#rungs.begin(playlist);
    this.#hosts.begin();
    this.#playlist = playlist;
    this.player.configure({ drm: drmSettings(licence) });
    await this.player.load(playlist, startAt, HLS);
  }

  /** Whether the film has qualities by now that were not there when it was loaded. */
  hasMoreToOffer(): Promise<boolean> {
    return this.#rungs.haveGrown(this.isGrowing());
  }

  /** Loads the same playback anew, with all that it has by now, and goes on where and as it was. Rejects as `load` does. */
  async refresh(): Promise<void> {
    const { paused, playbackRate } = this.#video;
    const sound = this.player.getAudioTracks().find((track) => track.active);
    const text = this.player.getTextTracks().find((track) => track.active);
    // What comes next is fetched while this still plays, so that the picture stands for a moment only.
    const prepared = await this.player.preload(this.#playlist, this.#video.currentTime, HLS);
    this.#rungs.begin(this.#playlist);
    await this.player.load(prepared ?? this.#playlist, this.#video.currentTime, HLS);
    const sameSound = this.player.getAudioTracks().find((track) => isSame(track, sound));
    if (sameSound && !sameSound.active) this.player.selectAudioTrack(sameSound);
    this.player.selectTextTrack(this.player.getTextTracks().find((track) => isSame(track, text)) ?? null);
    this.#video.playbackRate = playbackRate;
    if (!paused) await this.#video.play();
  }

  /** Stops and forgets everything decrypted. */
  async unload(): Promise<void> {
    this.#video.pause();
    this.#reports.end();
    this.#patience.reset();
    await this.player.unload();
  }

  /** Asks for the key of the next crypto period, if that is due. */
  askAhead(): void {
    this.#ahead.look(this.#playing(), this.#video.currentTime, performance.now());
  }

  /** Where the segments of what plays now are listed. */
  #playing(): SegmentIndex[] {
    const track = this.player.getVariantTracks().find((one) => one.active);
    const variants = track ? (this.player.getManifest()?.variants ?? []) : [];
    const variant = variants.find((one) => (one.video?.id ?? null) === track?.videoId && (one.audio?.id ?? null) === track?.audioId);
    const indexes = [variant?.video?.segmentIndex, variant?.audio?.segmentIndex];
    return indexes.filter((one) => one) as unknown as SegmentIndex[];
  }

  /** Whether the film is still growing. */
  isGrowing(): boolean {
    return this.player.getLoadMode() !== shaka.Player.LoadMode.NOT_LOADED && this.player.isDynamic();
  }

  /** Makes the engine look again at what it lacks here: a seek to the same place. */
  nudge(): void {
    this.#video.currentTime += 0.001;
  }

  /** Moves within what there is. */
  seek(to: number): void {
    const { start, end } = this.player.seekRange();
    this.#video.currentTime = Math.min(Math.max(start, to), Math.max(start, end - 0.1));
  }
}

/** Lets every player of this page take what is there already. */
function takeEarly(early: EarlyAnswers): void {
  type Parse = typeof shaka.net.HttpFetchPlugin.parse;
  type Arguments = Parameters<Parse> extends [string, infer R, ...infer Rest] ? [R, Rest] : never;
  const { Severity, Category, Code } = shaka.util.Error;
  const plugin = schemeOf<Arguments[0], Arguments[1]>(early, {
    network: (address, request, ...rest) => shaka.net.HttpFetchPlugin.parse(address, request, ...rest) as Operation,
    operation: (promise, abort) => new shaka.util.AbortableOperation(promise, abort) as Operation,
    aborted: (address) => new shaka.util.Error(Severity.RECOVERABLE, Category.NETWORK, Code.OPERATION_ABORTED, address),
  });
  for (const scheme of ["http", "https"]) {
    shaka.net.NetworkingEngine.registerScheme(scheme, plugin as shaka.extern.SchemePlugin, shaka.net.NetworkingEngine.PluginPriority.APPLICATION, true);
  }
}

function playerSettings(): object {
  return {
    manifest: {
      retryParameters: STUBBORN,
      // A growing film is watched from its beginning; only the very newest segment is left alone.
      // Without its storyboard or its subtitles a film is still worth watching.
      hls: { liveSegmentsDelay: 1, ignoreImageStreamFailures: true, ignoreTextStreamFailures: true },
    },
    drm: { retryParameters: STUBBORN },
    streaming: {
      retryParameters: STUBBORN,
      ignoreTextStreamFailures: true,
      bufferingGoal: 25,
      rebufferingGoal: 0.5,
      bufferBehind: 30,
      // Shaka 5.2.12 loses a prefetched segment when a seek meets a change of quality, and then waits for ever
      // (seen in 3 of 16 tries of six quick jumps; in none of 32 without prefetching).
      segmentPrefetchLimit: 0,
      // Trying another rung after a refusal would only spend more of the release budget.
      maxDisabledTime: 0,
      failureCallback: (_error: unknown) => undefined,
      liveSync: { enabled: false },
    },
    abr: {
      defaultBandwidthEstimate: FIRST_BANDWIDTH,
      useNetworkInformation: false,
      switchInterval: 4,
    },
  };
}

interface Track {
  language: string;
  label: string | null;
  channelsCount?: number | null;
}

function isSame(one: Track, other: Track | undefined): boolean {
  return other?.language === one.language && other.label === one.label && other.channelsCount === one.channelsCount;
}
