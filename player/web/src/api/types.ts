/** The shapes of the JSON API that the pages read. Times are ISO-8601 strings, durations seconds. */

export type TitleState = "uploading" | "queued" | "encoding" | "ready" | "failed" | "cancelled";
export type Stage = "uploading" | "queued" | "probing" | "planning" | "encoding" | "verifying" | "done";

export interface Progress {
  stage: Stage;
  percent: number;
  frames_done: number | null;
  frames_total: number | null;
  eta_s: number | null;
  /** Seconds of film that can be watched already. */
  playable_s: number | null;
  queue_position: number | null;
  /** Seconds of a film that still arrives that will play as soon as its last byte is here. */
  prepared_s: number;
}

export interface Failure {
  code: string;
  sentence: string;
  hint: string;
}

export interface Title {
  id: string;
  name: string;
  state: TitleState;
  duration_s: number | null;
  progress: Progress | null;
  /** How far the version is that shall take the place of the one that plays. */
  remake: Progress | null;
  failure: Failure | null;
  size_bytes: number | null;
}

export interface Subtitle {
  name: string;
  language: string;
  label: string;
  sdh: boolean;
  forced: boolean;
  default: boolean;
  origin: "film" | "upload";
}

export interface Candidate {
  number: number;
  origin: "film" | "cover" | "upload";
  chosen: boolean;
  url: string;
}

export interface Licence {
  id: string;
  title_id: string;
  title_name: string;
  holder: { kind: "account" | "link"; name: string };
  link_url?: string | null;
  state: "not_begun" | "running" | "ended" | "revoked";
  valid_from: string | null;
  valid_until: string | null;
  rental_s: number | null;
  playback_s: number | null;
  ends_at: string | null;
  tier: string;
  max_streams: number;
  start_by: string | null;
  may_finish: boolean;
  watching: number;
  readback: string;
}

export interface Playback {
  playback_id: string;
  playlist_url: string;
  /** Where a film under `cbcs` has its keys (Clear Key); null for films under `aes-128`. */
  licence_url: string | null;
  renew_url: string;
  release_url: string;
  lease_until: string;
  /** Seconds after which the lease should be renewed, if the server says so. */
  renew_after_s?: number;
  /** When the licence ends; null if it does not. */
  ends_at: string | null;
  start_at_s: number | null;
  tier: string;
  title: string | { name: string };
  /** When the viewer should be told that the end is near. */
  warn_at: string | null;
  bootstrap?: Bootstrap | null;
}

/** What a player asks first: bodies by address, `objects` in base64, and the addresses of the first segments. */
export interface Bootstrap {
  playlists: Record<string, string>;
  objects: Record<string, string>;
  segments: readonly string[];
}

export interface Renewal {
  lease_until: string;
  renew_after_s?: number;
  ends_at: string | null;
}

export interface UnfinishedUpload {
  id: string;
  title_id: string;
  filename: string;
  length: number | null;
  offset: number;
  expires_at: string | null;
}
