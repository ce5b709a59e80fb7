import { HostileClient } from '../hostile/hostile-client.js';
import { Occupants } from '../hostile/occupants.js';
import type { BackEnd } from '../support/back-end.js';

/** Fills the collection of a back end with requests. At the test's end the names are free, and nothing is left. */
export async function occupied(backEnd: BackEnd, names: readonly string[]): Promise<Occupants> {
  await backEnd.manager().setup();
  const auth = backEnd.auth as { username: string; password: string };
  const client = await HostileClient.connect(backEnd.tcp, auth);
  const occupants = new Occupants(client, `//${backEnd.collection}`);
  backEnd.atEnd(async () => {
    for (const name of names) await occupants.run('lock_force_release', [name]);
    await occupants.alter(`
      range(10).each(|| s.inboxes.keys().each(|key| wse(s.fn.close(s, key[1:], int(now() * 1000000)))));
      s.tombstones.clear();`);
    await client.close();
  });
  return occupants;
}
