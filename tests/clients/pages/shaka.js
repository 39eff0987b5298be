"use strict";

let player = null;

window.adapter = {
  async load(url, { faults, video, buffer, height, licence }) {
    shaka.polyfill.installAll();
    player = new shaka.Player();
    await player.attach(video);
    player.addEventListener("error", ({ detail }) => faults.push(`shaka ${detail.code} ${detail.data}`));
    player.configure({ abr: { enabled: false }, streaming: { bufferingGoal: buffer, rebufferingGoal: 1 } });
    if (licence) player.configure({ drm: { servers: { "org.w3.clearkey": licence } } });
    await player.load(url);
    if (height) this.quality(height);
  },
  quality(height) {
    const now = player.getVariantTracks().find((track) => track.active);
    const wanted = player
      .getVariantTracks()
      .find((track) => track.height === height && track.language === (now?.language ?? track.language));
    player.selectVariantTrack(wanted, true);
  },
  qualities: () => [...new Set(player.getVariantTracks().map((track) => track.height))],
  sounds: () => player.getAudioTracks().map((track) => track.language),
  sound(language) {
    player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === language));
  },
  texts: () => player.getTextTracks().map((track) => track.language),
  async text(language) {
    const track = player.getTextTracks().find((one) => one.language === language);
    player.selectTextTrack(track);
    await player.setTextTrackVisibility?.(true);
  },
  async thumbnail(time) {
    const [track] = player.getImageTracks();
    if (!track) return "it lists no image track";
    const found = await player.getThumbnails(track.id, time);
    if (!found) return "it finds no picture";
    return await tileNumber(found.uris[0], [found.positionX, found.positionY, found.width, found.height]);
  },
};
