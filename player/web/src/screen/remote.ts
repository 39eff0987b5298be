/** What the keys do to the video; the controls then show what the media element confirms. */

import { toast } from "../ui/toast.ts";
import type { Engine } from "./engine.ts";
import type { Remote } from "./keys.ts";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

export function remoteFor(engine: Engine, video: HTMLVideoElement): Remote {
  return {
    togglePlay: () => (video.paused ? void video.play().catch(() => undefined) : video.pause()),
    skip: (seconds) => engine.seek(video.currentTime + seconds),
    tenth: (number) => {
      const { start, end } = engine.player.seekRange();
      engine.seek(start + ((end - start) * number) / 10);
    },
    louder: (by) => {
      video.volume = Math.min(1, Math.max(0, Math.round((video.volume + by) * 100) / 100));
      if (by > 0) video.muted = false;
    },
    toggleMute: () => void (video.muted = !video.muted),
    toggleFullScreen: () => void engine.controls().toggleFullScreen(),
    toggleSubtitles: () => toggleSubtitles(engine),
    faster: (steps) => {
      const now = RATES.findIndex((rate) => rate >= video.playbackRate);
      engine.player.trickPlay(RATES[Math.min(RATES.length - 1, Math.max(0, now + steps))] ?? 1, false);
    },
  };
}

function toggleSubtitles(engine: Engine): void {
  const tracks = engine.player.getTextTracks();
  if (tracks.length === 0) return toast("This film has no subtitles.");
  const shown = tracks.find((track) => track.active);
  if (shown) engine.player.selectTextTrack();
  else engine.player.selectTextTrack(tracks.find((track) => track.language.startsWith(navigator.language.slice(0, 2))) ?? tracks[0]!);
}
