import type { Terms } from '../../lib/request/request.js';
import { Script } from './script.js';

/**
 * A transcript is a text of paragraphs, apart by an empty line. Each begins with what happens, in lines of a small
 * language; `#` is a remark. Behind `----` stands what the request did about it, and its state. {@link played} writes
 * the second half anew.
 */
export function played(text: string): string {
  const script = new Script();
  const paragraphs = text.trim().split(/\n\n+/);
  return `${paragraphs.map((paragraph) => playedParagraph(paragraph, script)).join('\n\n')}\n`;
}

function playedParagraph(paragraph: string, script: Script): string {
  const lines = paragraph.split('\n');
  const end = lines.indexOf('----');
  const said = end < 0 ? lines : lines.slice(0, end);
  const orders = said.filter((line) => !line.startsWith('#'));
  if (orders.length === 0) return said.join('\n');
  for (const order of orders) {
    try {
      carryOut(order, script);
    } catch (error) {
      throw new Error(`${order}, in:\n${paragraph}\n${script.takeLines().join('\n')}`, { cause: error });
    }
  }
  return [...said, '----', ...script.takeLines(), `  (${script.standing})`].join('\n');
}

function carryOut(order: string, script: Script): void {
  const [verb = '', ...words] = order.split(' ');
  const options = new Map(
    words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
  );
  const plain = words.filter((word) => !word.includes('='));
  const number = (key: string, fallback: number): number => Number(options.get(key) ?? fallback);
  switch (verb) {
    case 'acquire':
    case 'try':
    case 'steal':
    case 'adopt':
      script.start(termsOf(verb, plain, options));
      return;
    case 'answer':
      answer(script, plain, options);
      return;
    case 'fail':
      script.fail(turnOf(plain), plain[1] === 'refused' ? 'refused' : 'unanswered');
      return;
    case 'handed':
      script.input(script.handed(number('left', 60_000), number('token', 7), number('took', 0)));
      return;
    case 'push':
      push(script, plain, number);
      return;
    case 'pass':
      script.pass(Number(plain[0]));
      return;
    case 'block':
      script.block(Number(plain[0]));
      return;
    case 'sleep':
      script.sleptMs += Number(plain[0]);
      return;
    case 'release':
      script.release(!plain.includes('unheard'), nextOf(options));
      return;
    case 'transfer':
      script.input({ kind: verb, caller: script.nextCaller() });
      return;
    case 'extend':
      script.input({ kind: 'extend', caller: script.nextCaller(), ttlMs: Number(plain[0]) });
      return;
    case 'give-up':
    case 'cut-off':
    case 'close':
      script.input({ kind: verb, reason: verb });
      return;
    case 'look':
    case 'take':
    case 'connected':
    case 'disconnected':
      script.input({ kind: verb });
      return;
    case 'ask':
      script.input({ kind: 'ask', isSure: plain[0] === 'surely' });
      return;
    default:
      throw new Error(`nobody knows what ${JSON.stringify(order)} is`);
  }
}

/** `next=id-9`: the one of this process that has waited longest. */
function nextOf(options: ReadonlyMap<string, string>): { id: string; number: number } | undefined {
  const id = options.get('next');
  return id === undefined ? undefined : { id, number: 9 };
}

function turnOf(words: readonly string[]): number {
  return Number((words[0] ?? '').replace('#', ''));
}

function termsOf(
  how: Terms['how'],
  words: readonly string[],
  options: ReadonlyMap<string, string>,
): Partial<Terms> {
  const terms: Record<string, unknown> = { how };
  if (words[0] !== undefined) terms['names'] = words[0].split('+');
  for (const [key, value] of options) {
    if (key === 'autoRenew' || key === 'confirmGrants') terms[key] = value === 'true';
    else terms[key] = Number(value);
  }
  if (how === 'adopt') terms['adopted'] = { id: 'their-id', token: 7 };
  return terms;
}

/** `answer #1 held left=500 token=9 repeated took=100` */
function answer(script: Script, words: readonly string[], options: ReadonlyMap<string, string>): void {
  const number = (key: string, fallback: number): number => Number(options.get(key) ?? fallback);
  const how = { wasRepeated: words.includes('repeated'), tookMs: number('took', 0) };
  const turn = turnOf(words);
  switch (words[1]) {
    case 'held':
      script.answer(turn, script.held(number('left', 60_000), number('token', 7)), how);
      return;
    case 'waiting':
      script.answer(turn, script.waiting(number('ask-in', 60_000), number('ahead', 1)), how);
      return;
    case 'busy':
      script.answer(turn, { state: 'busy', due: script.serverUs(script.ms + 1000) }, how);
      return;
    case 'gone': {
      const why = words.find((word) => word === 'stolen' || word === 'force-released');
      script.answer(turn, { state: 'gone', why: why as 'stolen' | undefined }, how);
      return;
    }
    case 'refused':
      script.answer(turn, { state: 'refused', code: number('code', -100) }, how);
      return;
    case 'ended':
      script.answer(turn, script.ended(words[2] as 'held', number('token', script.request.token)), how);
      return;
    default:
      throw new Error(`no such answer: ${words.join(' ')}`);
  }
}

/** `push granted left=800 token=7`, `push granted forged`, `push ask in=500`, `push lost`, `push asked`, `push wanted` */
function push(
  script: Script,
  words: readonly string[],
  number: (key: string, fallback: number) => number,
): void {
  switch (words[0]) {
    case 'granted': {
      const proof = words.includes('forged') ? 'x'.repeat(16) : undefined;
      script.input(script.granted(number('left', 800), number('token', 7), proof, words.includes('old')));
      return;
    }
    case 'ask':
      script.input({ kind: 'ask-at', ms: script.ms + number('in', 0) });
      return;
    case 'lost':
      script.input({ kind: 'lost' });
      return;
    case 'wanted':
      script.input({ kind: 'wanted' });
      return;
    case 'asked':
      script.input({ kind: 'asked', by: 'ops' });
      return;
    default:
      throw new Error(`nobody pushes ${words.join(' ')}`);
  }
}
