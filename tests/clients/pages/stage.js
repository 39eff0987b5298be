// One stage for every player: load, choose, look. Each adapter sets `window.adapter`; nothing here is shipped.
"use strict";

const TONES = { eng: 440, deu: 1000 };
const BITS = 10;
const faults = [];
let analyser = null;

const video = () => document.querySelector("video");

window.addEventListener("error", (event) => faults.push(`page: ${event.message}`));
window.addEventListener("unhandledrejection", (event) => faults.push(`page: ${event.reason}`));

/** The number that a picture (or the part of it) says, from the bars along its upper edge. */
function numberIn(drawable, part) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [BITS * 8, 36];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(drawable, ...(part ?? []), 0, 0, canvas.width, canvas.height);
  let number = 0;
  for (let bit = 0; bit < BITS; bit += 1) {
    if (pen.getImageData(bit * 8 + 4, 2, 1, 1).data[1] > 125) number += 2 ** bit;
  }
  return number;
}

/** The number of the picture on the screen; -1 for none. */
function pictureNumber(shown = video()) {
  return shown?.videoWidth && shown.readyState >= 2 ? numberIn(shown) : -1;
}

/** What the tile of a sheet at an address says, or why there is nothing to see. */
async function tileNumber(url, part) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return "it names the sheet of pictures but does not decrypt it";
  }
  return numberIn(image, part);
}

/** The language whose tone is heard at this moment, "" for silence. */
function heard() {
  if (!analyser) return "";
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const level = (hertz) => levels[Math.round((hertz * analyser.fftSize) / analyser.context.sampleRate)];
  const [loudest] = Object.entries(TONES).sort((a, b) => level(b[1]) - level(a[1]));
  return level(loudest[1]) > -60 ? loudest[0] : "";
}

/** Listen to what the video element plays; whether anything can be heard (Firefox needs a sound device). */
async function listen() {
  const context = new AudioContext();
  analyser = context.createAnalyser();
  context.createMediaElementSource(video()).connect(analyser);
  analyser.connect(context.destination);
  await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 3000))]);
  return context.state === "running";
}

/** The words that lie over the picture now. Chromium takes old cues out of `activeCues` only in passing. */
function cues() {
  const now = video()?.currentTime ?? 0;
  const tracks = window.adapter.textTracks?.() ?? Array.from(video()?.textTracks ?? []);
  return tracks
    .filter((track) => track.mode !== "disabled" && track.kind !== "metadata")
    .flatMap((track) => Array.from(track.cues ?? []))
    .filter((cue) => cue.startTime <= now && now < cue.endTime)
    .map((cue) => cue.text);
}

window.stage = {
  /** Take a screen of the house and give its addresses; refused: the problem document. */
  async start(title) {
    const answer = await fetch(`/api/v1/titles/${title}/playback`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    return await answer.json();
  },
  async load(url, options) {
    const late = new Promise((_, fail) => {
      setTimeout(() => fail(new Error(`it does not load the film; ${faults.at(-1) ?? "it says nothing"}`)), 30_000);
    });
    await Promise.race([window.adapter.load(url, { faults, video: video(), ...options }), late]);
  },
  async play(rate = 1) {
    video().playbackRate = rate;
    await video().play();
  },
  pause() {
    video().pause();
  },
  seek(time) {
    video().currentTime = time;
  },
  listen,
  /** Where the video lies on the screen: left, top and width in pixels. */
  place() {
    const { x, y, width } = video().getBoundingClientRect();
    return [x, y, width].map((one) => one * devicePixelRatio);
  },
  async choose(what, value) {
    return await window.adapter[what](value);
  },
  /** What there is to see, hear and read now. */
  look() {
    const shown = video();
    const buffered = shown?.buffered;
    return {
      time: shown?.currentTime ?? 0,
      duration: shown?.duration || 0,
      ended: shown?.ended ?? false,
      paused: shown?.paused ?? true,
      frames: shown?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
      height: shown?.videoHeight ?? 0,
      number: pictureNumber(),
      buffered: buffered?.length ? buffered.end(buffered.length - 1) : 0,
      heard: heard(),
      cues: cues(),
      faults: [...faults],
    };
  },
};
