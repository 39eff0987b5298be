/** The controls over the picture: Shaka's, with what this house shows and in its words. */

import shaka from "./shaka.ts";
import { registerTimeLabel } from "./time-label.ts";

/** The house's words where the engine has others: those of the key sheet and of the studio. */
const OUR_WORDS = { CAPTIONS: "Subtitles", RESOLUTION: "Quality", PLAYBACK_RATE: "Speed", LANGUAGE: "Sound", MORE_SETTINGS: "Settings" };

export function controlsFor(player: shaka.Player, container: HTMLElement, video: HTMLVideoElement): shaka.ui.Controls {
  registerTimeLabel();
  const overlay = new shaka.ui.Overlay(player, container, video);
  overlay.configure(controlSettings());
  const controls = overlay.getControls();
  if (!controls) throw new Error("The player has no controls.");
  // Shaka has British words of its own, which would go before these.
  for (const locale of ["en", "en-GB"]) controls.getLocalization()?.insert(locale, new Map(Object.entries(OUR_WORDS)));
  return controls;
}

function controlSettings(): object {
  return {
    controlPanelElements: ["play_pause", "mute_volume", "film_time", "spacer", "captions", "overflow_menu", "picture_in_picture", "fullscreen"],
    topControlPanelElements: [],
    overflowMenuButtons: ["quality", "captions", "language", "chapter", "playback_rate"],
    contextMenuElements: [],
    customContextMenu: false,
    bigButtons: ["play_pause"],
    playbackRates: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2],
    playbackRateSliderMax: 2,
    addSeekBar: true,
    // The house has its own keys; two answers to one press would be one too many.
    enableKeyboardPlaybackControls: false,
    castSenderUrl: "",
    // The server names tracks as people do: "English, commentary".
    trackLabelFormat: shaka.ui.Overlay.TrackLabelFormat.LABEL,
    textTrackLabelFormat: shaka.ui.Overlay.TrackLabelFormat.LABEL,
    seekBarColors: { base: "rgba(255,255,255,.25)", buffered: "rgba(255,255,255,.45)", played: "rgb(255,255,255)", chapters: "rgba(0,0,0,.65)" },
  };
}
