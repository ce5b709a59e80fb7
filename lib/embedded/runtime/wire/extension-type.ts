/** The extension types of a node: how values are written that MessagePack does not know. */
export const extensionType = {
  packed: 0,
  regex: 1,
  closure: 2,
  room: 3,
  task: 4,
  thing: 5,
  name: 6,
  anonymous: 7,
} as const;
