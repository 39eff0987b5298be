/**
 * Films under `cbcs`: their keys come from the licence door, by the browser's own Clear Key (W3C EME). Shaka Player knows no Clear
 * Key in HLS but the kind whose keys it fetches all at once, as soon as it has read a playlist. So it is told of a key system that
 * it does know, without any key; that system is mapped to Clear Key, and keys are asked for as their init segments come, one
 * crypto period after the other. An init segment comes with the first segment of its period, so the key is here as long before it
 * is needed as the engine reads ahead.
 */

/** A key system that Shaka reads of HLS playlists, whose words need hold nothing (EXT-X-KEY, RFC 8216 §4.3.2.4). */
const STAND_IN = "com.widevine.alpha";
const STAND_IN_TAG = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:text/plain;base64,",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"';
const CLEAR_KEY = "org.w3.clearkey";
const KEYS = /^#EXT-X-(?:SESSION-)?KEY:METHOD=SAMPLE-AES,.*\n/gm;

interface Networking {
  registerResponseFilter(filter: (type: number, response: { originalUri: string; data: BufferSource }) => void): void;
}

/** Shaka's settings (shaka.extern.DrmConfiguration) for a playback whose licences are at that address; null for one without. */
export function drmSettings(licence: string | null): object {
  if (licence === null) return { servers: {}, keySystemsMapping: {} };
  return { servers: { [STAND_IN]: licence, [CLEAR_KEY]: licence }, keySystemsMapping: { [STAND_IN]: CLEAR_KEY } };
}

/** Lets Shaka read of playlists what `standIn` makes of them. */
export function attachClearKey(networking: Networking): void {
  networking.registerResponseFilter((_type, response) => {
    if (!/\.m3u8(\?.*)?$/.test(response.originalUri)) return;
    const text = new TextDecoder().decode(response.data);
    const told = standIn(text);
    if (told !== text) response.data = new TextEncoder().encode(told);
  });
}

/** A playlist that names no key of common encryption any more; one stand-in tells that there are some. Pure. */
export function standIn(playlist: string): string {
  let told = false;
  return playlist.replace(KEYS, (tag) => {
    if (told || !tag.startsWith("#EXT-X-KEY:")) return "";
    told = true;
    return `${STAND_IN_TAG}\n`;
  });
}
