/**
 * Delivery hosts: where segments can be had, in the order the house says, and what to do when one of them fails. Other players
 * load another media playlist then; Shaka keeps the addresses of the first, so they are changed here.
 */

interface Request {
  uris: string[];
  attempt: number;
}

interface Networking {
  registerRequestFilter(filter: (type: number, request: Request) => void): void;
  registerResponseFilter(filter: (type: number, response: { originalUri: string; data: BufferSource }) => void): void;
}

/** How long a host that failed is asked last. */
const SHUNNED_MS = 60_000;
const SEGMENT = /^(https?:\/\/.+\/media\/)[^/]+(\/[^/]+\/[^/]+)(\/[^/]+\/[^/?]+)(\?.*)?$/;

export class Hosts {
  /** Addresses below which the segments of this playback lie, the preferred first. */
  #bases: string[] = [];
  /** When a host failed last, by its base without what is signed. */
  #failed = new Map<string, number>();

  attach(networking: Networking): void {
    networking.registerResponseFilter((_type, { originalUri, data }) => {
      if (/\/play\/[^/]+\/steering\.json(\?.*)?$/.test(originalUri)) this.steer(new TextDecoder().decode(data));
    });
    networking.registerRequestFilter((_type, request) => {
      // The engine goes from one address to the next; while it does, their order must stand.
      const [first] = request.uris;
      if (request.attempt === 0 && first !== undefined) request.uris = this.addresses(first);
    });
  }

  /** Another playback. */
  begin(): void {
    this.#bases = [];
  }

  /** Takes what the steering manifest says; a text that says nothing changes nothing. */
  steer(manifest: string): void {
    const bases = basesOf(manifest);
    if (bases.length > 0) this.#bases = bases;
  }

  /** Every address of a segment, those hosts first that did not fail lately; anything else has only its own. */
  addresses(address: string): string[] {
    const parts = SEGMENT.exec(address);
    if (!parts || !this.#bases.some((base) => hostOf(base) === hostOf(address))) return [address];
    const name = parts[3] ?? "";
    const now = performance.now();
    const shunned = (base: string): number => {
      const at = this.#failed.get(hostOf(base)) ?? -Infinity;
      return now - at < SHUNNED_MS ? at : -Infinity;
    };
    return [...this.#bases].sort((one, other) => (shunned(one) < shunned(other) ? -1 : shunned(one) > shunned(other) ? 1 : 0)).map((base) => below(base, name));
  }

  /** A request failed. Tells whether another host, that has not failed lately, may do better. */
  failed(address: string): boolean {
    const host = hostOf(address);
    if (!this.#bases.some((base) => hostOf(base) === host)) return false;
    const now = performance.now();
    this.#failed.set(host, now);
    return this.#bases.some((base) => now - (this.#failed.get(hostOf(base)) ?? -Infinity) >= SHUNNED_MS);
  }
}

/** The bases in a steering manifest, in the order of its priority; none if it is no such thing. */
export function basesOf(manifest: string): string[] {
  try {
    const said: unknown = JSON.parse(manifest);
    if (typeof said !== "object" || said === null) return [];
    const { "PATHWAY-PRIORITY": order, "X-MATINEE-BASES": bases } = said as Record<string, unknown>;
    if (!Array.isArray(order) || typeof bases !== "object" || bases === null) return [];
    return order.map((name) => (bases as Record<string, unknown>)[String(name)]).filter((base): base is string => typeof base === "string");
  } catch {
    return [];
  }
}

/** The address of what lies below a base; a base's query (the token of its host) comes last, and goes to no other host. */
function below(base: string, name: string): string {
  const [folder, query] = base.split("?", 2);
  return `${folder ?? ""}${name}${query === undefined ? "" : `?${query}`}`;
}

function hostOf(address: string): string {
  return address.split("/media/", 1)[0] ?? "";
}
