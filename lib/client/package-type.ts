/** The numbers of ThingsDB's protocol that a client sends and gets, by name. */
export const PackageType = {
  nodeStatus: 0,
  warning: 5,
  roomJoin: 6,
  roomLeave: 7,
  roomEmit: 8,
  roomDelete: 9,

  pong: 16,
  ok: 17,
  data: 18,
  error: 19,

  ping: 32,
  auth: 33,
  query: 34,
  run: 37,
  join: 38,
  leave: 39,
  emit: 40,
} as const;
