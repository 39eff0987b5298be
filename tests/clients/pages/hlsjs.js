"use strict";

let hls = null;

/** What the README says for hls.js on films under cbcs: go by the key that the playlist names. */
function byItsName(type, data, { decryptdata }) {
  const kid = btoa(String.fromCharCode(...decryptdata.keyId)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return { initDataType: "keyids", initData: new TextEncoder().encode(JSON.stringify({ kids: [kid] })).buffer };
}

window.adapter = {
  async load(url, { faults, video, buffer, height, licence }) {
    const drm = licence ? { emeEnabled: true, drmSystems: { "org.w3.clearkey": { licenseUrl: licence, generateRequest: byItsName } } } : {};
    hls = new Hls({ maxBufferLength: buffer, maxMaxBufferLength: buffer, ...drm });
    let failed;
    hls.on(Hls.Events.ERROR, (_, about) => {
      const status = about.response?.code ?? "";
      faults.push(`hls.js ${about.details} ${status} ${about.fatal ? "fatal" : ""}`.trim());
      if (about.fatal) failed?.(new Error(faults.at(-1)));
    });
    const ready = new Promise((done, fail) => {
      failed = fail;
      hls.once(Hls.Events.MANIFEST_PARSED, done);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
    await ready;
    if (height) this.quality(height);
  },
  quality(height) {
    hls.currentLevel = hls.levels.findIndex((level) => level.height === height);
  },
  qualities: () => [...new Set(hls.levels.map((level) => level.height))],
  sounds: () => hls.audioTracks.map((track) => track.lang),
  sound(language) {
    hls.audioTrack = hls.audioTracks.findIndex((track) => track.lang === language);
  },
  texts: () => hls.subtitleTracks.map((track) => track.lang),
  text(language) {
    hls.subtitleDisplay = true;
    hls.subtitleTrack = hls.subtitleTracks.findIndex((track) => track.lang === language);
  },
  async thumbnail(time) {
    const winding = hls.createIFramePlayer();
    if (!winding) return "it lists no pictures to wind by";
    const small = document.createElement("video");
    winding.attachMedia(small);
    await new Promise((done) => {
      winding.on(Hls.Events.MEDIA_ATTACHED, done);
    });
    winding.loadMediaAt(time);
    for (let tries = 0; tries < 100; tries += 1) {
      await new Promise((done) => setTimeout(done, 100));
      const number = pictureNumber(small);
      if (number >= 0 && Math.abs(small.currentTime - time) < 5) return number;
    }
    return `its player for winding shows nothing: ready ${small.readyState} at ${small.currentTime}`;
  },
};
