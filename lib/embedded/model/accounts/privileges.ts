/** The rights that a user can have on a scope. One bit each, as in the masks of `grant` and `revoke`. */
export const Privileges = {
  none: 0,
  query: 1,
  change: 2,
  grant: 4,
  join: 8,
  run: 16,
  /** All but `grant`. */
  user: 27,
  full: 31,
} as const;

/** The order in which ThingsDB takes a mask apart: a group's name stands for all of its bits. */
const NAMES: readonly (readonly [name: string, mask: number])[] = [
  ['FULL', Privileges.full],
  ['USER', Privileges.user],
  ['QUERY', Privileges.query],
  ['CHANGE', Privileges.change],
  ['GRANT', Privileges.grant],
  ['JOIN', Privileges.join],
  ['RUN', Privileges.run],
];

/** A mask in words, such as `JOIN|RUN`, or `NO_ACCESS`. */
export function describePrivileges(mask: number): string {
  let rest = mask;
  const words: string[] = [];
  for (const [name, bits] of NAMES) {
    if (rest === 0) break;
    if ((rest & bits) !== bits) continue;
    words.push(name);
    rest -= bits;
  }
  return words.length > 0 ? words.join('|') : 'NO_ACCESS';
}
