// Checks the model in request.pml with Spin: `npm run formal -- [--deep]`. Needs `spin` and a C compiler.
import { replay } from './replay.js';
import { say, Verifier } from './spin.js';

interface Run {
  readonly name: string;
  readonly defines: Readonly<Record<string, number>>;
  readonly law: 'holders' | 'served';
  /** It must be found out. */
  readonly isWrong?: boolean;
}

const RIGHT: readonly Run[] = [
  {
    name: 'two clients, any names, a loss, a death',
    defines: { CLIENTS: 2, LOSSES: 1, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'two clients, nobody waits for ever',
    defines: { CLIENTS: 2, RENEWS: 0, LOSSES: 1, DEATHS: 1, PATIENT: 1 },
    law: 'served',
  },
  {
    name: 'two clients, one name, leases linger, a loss, a death',
    defines: { CLIENTS: 2, WISHES: 1, RENEWS: 0, LINGERS: 1, LOSSES: 1, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'two clients, leases linger, nobody waits for ever',
    defines: { CLIENTS: 2, RENEWS: 0, LINGERS: 1, LOSSES: 1, DEATHS: 1, PATIENT: 1 },
    law: 'served',
  },
  {
    name: 'three clients, names 1, 2 and both, a death',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 0, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'three clients, nobody waits for ever',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 1, DEATHS: 1, PATIENT: 1 },
    law: 'served',
  },
];

/** Minutes and gigabytes each. */
const DEEP: readonly Run[] = [
  {
    name: 'two clients, any names, two losses, a death',
    defines: { CLIENTS: 2, LOSSES: 2, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'two clients, one name, two requests each, a loss, a death',
    defines: { CLIENTS: 2, WISHES: 1, RENEWS: 0, REQUESTS: 2, LOSSES: 1, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'two clients, any names, leases linger, a loss, a death',
    defines: { CLIENTS: 2, RENEWS: 0, LINGERS: 1, LOSSES: 1, DEATHS: 1 },
    law: 'holders',
  },
  {
    name: 'three clients, names 1, 2 and both, a loss',
    defines: { CLIENTS: 3, WISHES: 0, RENEWS: 0, LOSSES: 1, DEATHS: 0 },
    law: 'holders',
  },
];

/** Each must be found out, or the laws say nothing. */
const WRONG: readonly Run[] = [
  { name: 'a server that lets a later request pass', defines: { WRONG: 1 }, law: 'holders', isWrong: true },
  { name: 'a server without tombstones', defines: { WRONG: 2 }, law: 'holders', isWrong: true },
  {
    name: 'a server that revives a lease that was over',
    defines: { WRONG: 3 },
    law: 'holders',
    isWrong: true,
  },
  {
    name: 'a client that counts its lease from the answer',
    defines: { WRONG: 4 },
    law: 'holders',
    isWrong: true,
  },
  {
    name: 'a server that waits for ever for an acknowledgement',
    defines: { WRONG: 5, PATIENT: 1, RENEWS: 0, REQUESTS: 2 },
    law: 'served',
    isWrong: true,
  },
  {
    name: 'a client that releases where it should withdraw',
    defines: { WRONG: 6 },
    law: 'holders',
    isWrong: true,
  },
  {
    name: 'a client whose next caller takes a lease that is over',
    defines: { WRONG: 7, LINGERS: 1, RENEWS: 0 },
    law: 'holders',
    isWrong: true,
  },
  {
    name: 'a server that tells nobody that a lease is wanted',
    defines: { WRONG: 8, LINGERS: 1, RENEWS: 0, PATIENT: 1 },
    law: 'served',
    isWrong: true,
  },
  {
    name: 'a client that keeps a lease which others wait for',
    defines: { WRONG: 9, LINGERS: 1, RENEWS: 0, PATIENT: 1 },
    law: 'served',
    isWrong: true,
  },
];

function inSmall(run: Run): Run {
  return { ...run, defines: { CLIENTS: 2, LOSSES: 1, DEATHS: 1, ...run.defines } };
}

function isAsExpected({ name, defines, law, isWrong = false }: Run): boolean {
  using verifier = new Verifier({ REQUESTS: 1, ...defines }, law === 'served');
  const { isBroken, isComplete, isFree, states, seconds } = verifier.check(law);
  const isRight = isWrong ? isBroken : isComplete && isFree;
  const found = isBroken ? 'broken' : isComplete ? 'holds' : 'not finished';
  say(`${isRight ? 'ok ' : 'NOT'} ${law} ${found}: ${name} (${states} states, ${seconds} s)`);
  return isRight;
}

function main(): void {
  const isDeep = process.argv.includes('--deep');
  const runs = [...WRONG.map(inSmall), ...RIGHT, ...(isDeep ? DEEP : [])];
  const results = runs.map(isAsExpected);
  for (const clients of [2, 3]) {
    for (const lingers of [false, true]) results.push(replay(clients, lingers));
  }
  const failed = results.filter((isRight) => !isRight).length;
  say(failed === 0 ? 'all as expected' : `${failed} not as expected`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
