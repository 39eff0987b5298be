"use strict";

let player = null;

window.adapter = {
  async load(url, { faults, video, buffer, height, licence }) {
    player = dashjs.MediaPlayer().create();
    player.updateSettings({
      streaming: {
        abr: { autoSwitchBitrate: { video: false, audio: false } },
        buffer: { bufferTimeDefault: buffer, bufferTimeAtTopQuality: buffer, fastSwitchEnabled: true },
        text: { defaultEnabled: false },
      },
    });
    if (licence) player.setProtectionData({ "org.w3.clearkey": { serverURL: licence } });
    const events = dashjs.MediaPlayer.events;
    for (const name of [events.ERROR, events.PLAYBACK_ERROR, dashjs.Protection?.events?.KEY_ERROR].filter(Boolean)) {
      player.on(name, (about) => {
        faults.push(`dash.js ${about.error?.code ?? about.type} ${about.error?.message ?? ""}`.trim());
      });
    }
    const ready = new Promise((done) => player.on(events.STREAM_INITIALIZED, done));
    player.initialize(video, url, false);
    await ready;
    if (height) await this.quality(height);
  },
  async quality(height) {
    // On its way into another Period it would forget what is chosen: it still lists the one before. Where that
    // Period has no key, it never arrives.
    const video = player.getVideoElement();
    const arrived = new Promise((done) => video.addEventListener("seeked", done, { once: true }));
    if (video.seeking) await Promise.race([arrived, new Promise((done) => setTimeout(done, 5000))]);
    const wanted = player.getRepresentationsByType("video").find((one) => one.height === height);
    player.setRepresentationForTypeById("video", wanted.id, true);
  },
  qualities: () => player.getRepresentationsByType("video").map((one) => one.height),
  sounds: () => player.getTracksFor("audio").map((track) => track.lang),
  sound(language) {
    player.setCurrentTrack(player.getTracksFor("audio").find((track) => track.lang === language));
  },
  texts: () => player.getTracksFor("text").map((track) => track.lang),
  text(language) {
    player.setTextTrack(player.getTracksFor("text").findIndex((track) => track.lang === language));
  },
  async thumbnail(time) {
    const found = await new Promise((done) => player.provideThumbnail(time, done));
    return found ? await tileNumber(found.url, [found.x, found.y, found.width, found.height]) : "it finds no picture";
  },
};
