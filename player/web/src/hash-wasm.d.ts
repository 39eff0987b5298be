/** The single-algorithm build of hash-wasm carries no types of its own. */
declare module "hash-wasm/dist/argon2.umd.min.js" {
  import type { argon2id } from "hash-wasm";
  const argon2: { argon2id: typeof argon2id };
  export default argon2;
}
