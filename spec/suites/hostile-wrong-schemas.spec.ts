/** The hostile suite finds a schema with a hole: each of these has one that only another process than the hostile one feels. */
import { BackEndArena } from '../hostile/arena.js';
import type { FindingKind } from '../hostile/finding.js';
import { Round } from '../hostile/round.js';
import { schema2 } from '../hostile/schema-2.js';
import { onEachBackEnd } from '../support/back-end.js';
import { installCodeOf, type WrongServer } from '../support/wrong-servers.js';

const SEED = 11;
const CALLS = 800;
/** Most holes are found in the first. */
const ROUNDS = 8;

const HOLES: readonly (WrongServer & { readonly found: FindingKind })[] = [
  {
    does: 'forgets what others watch when an inbox is closed',
    of: 's.inboxes.del(`:{inbox}`);\n    false;',
    instead: 's.inboxes.del(`:{inbox}`);\n    s.watches.clear();\n    false;',
    found: 'harm',
  },
  {
    does: 'lets whoever uses the id of one that waits take its place among those who are found',
    of: ' || (other && other != r)',
    instead: '',
    found: 'harm',
  },
  {
    does: 'names the inbox instead of the owner to those who ask for the rest of a queue',
    of: 'false, r.units, r.limit, r.inbox.owner',
    instead: 'false, r.units, r.limit, told ? r.inbox.id : r.inbox.owner',
    found: 'leak',
  },
  {
    does: 'makes the rooms of a watch before it refuses the names',
    of: 's = .$STATE;\n    if (!is_array(names) || names.len() > $MAX_NAMES',
    instead:
      's = .$STATE;\n    if (is_array(names)) wse(names.each(|name| { if (is_str(name)) s.watches[`:{name}x`] = {room: room(), due: 1}; nil; }));\n    if (!is_array(names) || names.len() > $MAX_NAMES',
    found: 'changed',
  },
];

onEachBackEnd('the hostile calls find a schema that', (backEnd) => {
  async function findings(hole: WrongServer, seed: number): Promise<FindingKind[]> {
    const collection = `hole_${seed}_${backEnd.collection}`;
    await backEnd.query('new_collection(name);', { name: collection }, '@thingsdb');
    await backEnd.query(installCodeOf(hole), undefined, `//${collection}`);
    const arena = await BackEndArena.open(backEnd, collection);
    const round = new Round(arena, schema2, seed);
    await round.run(CALLS);
    await arena.close();
    return round.findings.map(({ kind }) => kind);
  }

  test.each(HOLES)('$does', async (hole) => {
    const found = new Set<FindingKind>();
    for (let round = 0; round < ROUNDS && !found.has(hole.found); round++)
      for (const kind of await findings(hole, SEED + round)) found.add(kind);
    expect([...found]).toContain(hole.found);
  });
});
