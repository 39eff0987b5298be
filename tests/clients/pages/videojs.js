"use strict";

let player = null;

const subtitles = () => Array.from(player.textTracks()).filter((track) => track.kind === "subtitles");
const levels = () => Array.from(player.qualityLevels());

window.adapter = {
  async load(url, { faults, video, buffer, height }) {
    Object.assign(videojs.Vhs, { GOAL_BUFFER_LENGTH: buffer, MAX_GOAL_BUFFER_LENGTH: buffer });
    const vhs = { overrideNative: true, enableLowInitialPlaylist: false };
    player = videojs(video, { html5: { vhs, nativeAudioTracks: false, nativeTextTracks: false } });
    player.on("error", () => faults.push(`video.js ${player.error().code} ${player.error().message}`));
    player.tech(true).on("retryplaylist", () => faults.push("video.js sets a playlist aside"));
    const ready = new Promise((done, failed) => {
      player.one("loadedmetadata", done);
      player.one("error", () => failed(new Error(player.error().message)));
    });
    player.src({ src: url, type: "application/vnd.apple.mpegurl" });
    await ready;
    if (height) this.quality(height);
  },
  quality(height) {
    for (const level of levels()) level.enabled = level.height === height;
  },
  qualities: () => [...new Set(levels().map((level) => level.height))],
  sounds: () => Array.from(player.audioTracks(), (track) => track.language),
  sound(language) {
    for (const track of Array.from(player.audioTracks())) track.enabled = track.language === language;
  },
  texts: () => subtitles().map((track) => track.language),
  text(language) {
    for (const track of subtitles()) track.mode = track.language === language ? "showing" : "disabled";
  },
  thumbnail: () => "it has none of its own",
  textTracks: () => subtitles(),
};
