/**
 * A process with one client, started by a spec that watches whether it ends by itself.
 * Arguments: the address, and what it does once connected.
 */
import { clientFor } from '../../lib/client/open-client.js';

const [url = '', mode = ''] = process.argv.slice(2);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  if (mode === 'pending') {
    // The only request under so short a limit is the one that is never answered.
    const client = clientFor(url, { requestTimeoutMs: 300 });
    await client.connect();
    await client.query('//stuff', 'never answered').catch((error: Error) => say(error.message));
    return;
  }
  const client = clientFor(url);
  await client.connect();
  if (mode === 'held') {
    const letGo = client.keepAlive();
    client.addEventListener(() => {
      say('told');
      letGo();
    });
  }
  await client.ping();
  say('connected');
}

void main();
