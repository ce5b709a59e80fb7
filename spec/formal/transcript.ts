import { RequestState } from '../../lib/schema/constants.js';
import type { Request } from '../../lib/request/request.js';
import type { Plan } from '../simulation/plans.js';
import { Simulation, type Sight } from '../simulation/simulation.js';
import type { SimTaker } from '../simulation/sim-taker.js';

/** What a client does, as request.pml calls it. */
export type Phase = 'IDLE' | 'ASKING' | 'QUEUED' | 'HOLDING' | 'LINGERING' | 'ENDING' | 'DEAD';
/** What a request is on the server, as request.pml calls it. */
export type ServerState = 'GONE' | 'WAITING' | 'GRANTED' | 'HELD' | 'SILENT';

/** What can be seen from outside at one moment: of each client, and of each of its two slots. */
export interface View {
  readonly phases: readonly Phase[];
  readonly states: readonly ServerState[];
  /** The names of the request in each slot, a bit each; 0: none, or nobody minds any more. */
  readonly wishes: readonly number[];
}

/** A run of the simulation as the model tells it: what can be seen, each time that it changes. */
export interface Transcript {
  readonly seed: number;
  readonly clients: number;
  readonly views: readonly View[];
}

/** Why a run cannot be told in the terms of the model. */
export class OutOfBounds extends Error {}

const STATES: Readonly<Record<number, ServerState>> = {
  [RequestState.silent]: 'SILENT',
  [RequestState.waiting]: 'WAITING',
  [RequestState.granted]: 'GRANTED',
  [RequestState.held]: 'HELD',
};
/** Then the takers come to their end, of which the model knows nothing. */
const UNTIL_MS = 1_500;

/**
 * Runs as the model has them: exclusive locks of two names, one at a time, on a network that loses and delays. Leases that
 * linger are of one name: a process that gives up one for the sake of another has two requests at once.
 */
function planFor(clients: number, lingers: boolean): Plan {
  const kinds = { lock: 2, shared: 0, semaphore: 0, several: lingers ? 0 : 1 };
  return {
    confirmGrants: false,
    customs: {
      names: lingers ? ['a'] : ['a', 'b'],
      maySteal: false,
      mayLinger: lingers,
      ttlsMs: [400, 1_000],
      holdsMs: [0, 40, 300],
      kinds,
      isPlain: true,
    },
    processes: clients,
    hands: 1,
    faults: { cut: 4, delay: 1, silence: 2, stop: 2, kill: 1, 'freeze-server': 1, restart: 1 },
  };
}

/** @throws OutOfBounds if the run does something that the model leaves out */
export function transcriptOf(seed: number, clients: number, lingers: boolean): Transcript {
  const recorder = new Recorder(clients);
  new Simulation({ seed, plan: planFor(clients, lingers), observe: (sight) => recorder.look(sight) }).run();
  if (recorder.problem !== undefined) throw new OutOfBounds(recorder.problem);
  return { seed, clients, views: recorder.views };
}

/** One request of a client: the model has two slots for a client, which it uses in turn. */
interface Known {
  readonly id: string;
  readonly slot: number;
  readonly wish: number;
}

class Recorder {
  readonly views: View[] = [];
  problem: string | undefined;
  readonly #clients: number;
  /** By process: its requests so far. */
  readonly #known = new Map<string, Known[]>();

  constructor(clients: number) {
    this.#clients = clients;
    this.views.push({
      phases: Array.from({ length: clients }, () => 'IDLE' as const),
      states: Array.from({ length: 2 * clients }, () => 'GONE' as const),
      wishes: Array.from({ length: 2 * clients }, () => 0),
    });
  }

  look({ ms, server, takers }: Sight): void {
    if (ms > UNTIL_MS || this.problem !== undefined) return;
    const phases = takers.map((taker, i) => this.#phase(taker, i));
    const states: ServerState[] = Array.from({ length: 2 * this.#clients }, () => 'GONE');
    const wishes = states.map(() => 0);
    const stored = server.requests();
    [...this.#known.values()].forEach((requests, place) => {
      // Two at most are of interest: an earlier one that is still there has no slot in the model.
      requests.forEach(({ id, slot, wish }, i) => {
        const state = stored.get(id);
        const isOld = i < requests.length - 2;
        if (isOld && state !== undefined) this.problem = 'a third request while the first is still there';
        if (isOld) return;
        states[slot] = state === undefined ? 'GONE' : (STATES[state] ?? 'GONE');
        const isOpen = i === requests.length - 1 && isBusy(phases[place] ?? 'IDLE');
        if (isOpen || states[slot] !== 'GONE') wishes[slot] = wish;
      });
    });
    const view = { phases, states, wishes };
    if (JSON.stringify(view) !== JSON.stringify(this.views.at(-1))) this.views.push(view);
  }

  #phase({ name, client }: SimTaker, place: number): Phase {
    const open = client.desk.seats.map(({ request }) => request);
    const requests = this.#known.get(name) ?? [];
    this.#known.set(name, requests);
    if (open.length > 1) this.problem = 'two requests of a client at once';
    const [request] = open;
    if (request !== undefined) this.#meet(request, requests, place);
    if (client.isDead) return 'DEAD';
    return request === undefined ? 'IDLE' : phaseOf(request);
  }

  #meet(request: Request, requests: Known[], place: number): void {
    if (requests.at(-1)?.id === request.id) return;
    if (request.tries > 1) this.problem = 'a request under a new id';
    const wish = request.terms.names.reduce((bits, name) => bits | (name === 'a' ? 1 : 2), 0);
    requests.push({ id: request.id, slot: 2 * place + ((requests.length + 1) % 2), wish });
  }
}

function isBusy(phase: Phase): boolean {
  return phase !== 'IDLE' && phase !== 'DEAD';
}

function phaseOf({ state, isSettled }: Request): Phase {
  switch (state) {
    case 'asking':
      return 'ASKING';
    case 'waiting':
      return 'QUEUED';
    case 'granted':
    case 'held':
    case 'doubted':
      return isSettled ? 'HOLDING' : 'QUEUED';
    case 'lingering':
      return 'LINGERING';
    case 'ending':
      return 'ENDING';
    case 'over':
      return 'IDLE';
  }
}

/** A transcript as a never claim: Spin finds an error in it exactly where the model has a run that looks like that. */
export function claimOf({ views }: Transcript, name: string): string {
  const lines = views.map((view, i) => {
    const next = views[i + 1];
    if (next === undefined) return `T${i}: skip`;
    // On the way from one view to the next only what differs may move.
    const common = conditions(view).filter((condition) => conditions(next).includes(condition));
    return `T${i}: if :: ${conditions(next).join(' && ')} -> goto T${i + 1} :: ${common.join(' && ') || '1'} -> goto T${i} fi;`;
  });
  return `never ${name} {\n${lines.join('\n')}\n}\n`;
}

function conditions({ phases, states, wishes }: View): string[] {
  return [
    ...phases.map((phase, i) => `phase[${i}] == ${phase}`),
    ...states.map((state, i) => `state[${i}] == ${state}`),
    ...wishes.flatMap((wish, i) => (wish === 0 ? [] : [`wish[${i}] == ${wish}`])),
  ];
}

/** The same, but that somebody who waits is granted before it is its turn; `undefined` if nobody waits behind a holder. */
export function forged(transcript: Transcript): Transcript | undefined {
  const { views } = transcript;
  for (const [i, view] of views.entries()) {
    const holder = view.states.findIndex((state) => state === 'HELD');
    const waiter = view.states.findIndex(
      (state, slot) =>
        state === 'WAITING' && holder >= 0 && ((view.wishes[slot] ?? 0) & (view.wishes[holder] ?? 0)) !== 0,
    );
    if (waiter < 0) continue;
    const states = view.states.map((state, slot): ServerState => (slot === waiter ? 'HELD' : state));
    return { ...transcript, views: [...views.slice(0, i + 1), { ...view, states }] };
  }
  return undefined;
}
