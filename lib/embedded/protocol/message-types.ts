/** What a client may ask. The numbers are those of ThingsDB's protocol. */
export const RequestType = {
  ping: 32,
  auth: 33,
  query: 34,
  /** The watch requests of ThingsDB 0.x: a node still answers them with an empty "ok". */
  watch: 35,
  unwatch: 36,
  run: 37,
  join: 38,
  leave: 39,
  emit: 40,
  emitPeers: 41,
} as const;

/** How a node answers. */
export const ResponseType = {
  pong: 16,
  /** Done, with no value; the answer to auth and to emit. */
  ok: 17,
  data: 18,
  /** `{error_code, error_msg}`, in this order: clients may rely on it. */
  error: 19,
} as const;

/** The package id of everything that was not asked for. */
export const PUSH_PACKAGE_ID = 0xffff;
