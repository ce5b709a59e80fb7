/**
 * What the client's CPU time goes into, from the profiles that `npm run bench -- ... --profile DIR` has written:
 *
 *   node --import tsx bench/profile-table.ts DIR [--top 15]
 *
 * Time in a function itself, by groups and then by single functions. Idle time and the loading of programs are left
 * out. Of the longest profile in the folder: it is that of the process that worked most.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type CpuProfile, selfTimes, sumBy, type SelfTime } from './report/profile.js';
import { markdownTable, shown } from './report/table.js';

const GROUPS: readonly (readonly [name: string, belongs: (time: SelfTime) => boolean])[] = [
  ['garbage collection', ({ name }) => name === '(garbage collector)'],
  ['writing to sockets', ({ name }) => /^(writev?|writeBuffer|write\w*String|writeGeneric)$/.test(name)],
  ['MessagePack', ({ url }) => url.includes('msgpack')],
  ['WebSocket', ({ url }) => url.includes('/ws/')],
  ['random ids', ({ name, url }) => /random/i.test(name) || url.includes('node:internal/crypto')],
  ['the lock: lib/client', ({ url }) => url.includes('/lib/client/')],
  ['the lock: lib/schema', ({ url }) => url.includes('/lib/schema/')],
  ['the lock: the rest of lib', ({ url }) => url.includes('/lib/')],
  ['the benchmark', ({ url }) => url.includes('/bench/')],
  ['other packages', ({ url }) => url.includes('/node_modules/')],
  ['Node: timers', ({ url }) => url.includes('timers')],
  ['Node: streams and sockets', ({ url }) => /node:(internal\/)?(stream|net|buffer|events)/.test(url)],
  ['Node: the rest', ({ url }) => url.startsWith('node:')],
  ['native code', () => true],
];

const LOADING = /node:internal\/(modules|bootstrap)|node_modules\/tsx/;

function main(): void {
  const options = { top: { type: 'string', default: '15' } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [folder] = positionals;
  if (folder === undefined) throw new Error('node --import tsx bench/profile-table.ts DIR [--top 15]');
  const profiles = readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => selfTimes(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as CpuProfile))
    .map((times) => times.filter((time) => !LOADING.test(time.url)))
    .map(asWritten);
  const total = (times: readonly SelfTime[]): number => times.reduce((sum, { us }) => sum + us, 0);
  const [times] = profiles.sort((a, b) => total(b) - total(a));
  if (times === undefined) throw new Error(`${folder} holds no .cpuprofile`);
  const share = (us: number): string => `${shown((us / total(times)) * 100, 1)} %`;
  const groupOf = (time: SelfTime): string => GROUPS.find(([, belongs]) => belongs(time))?.[0] ?? '';
  const groups = sumBy(times, groupOf).map(([name, us]) => [name, share(us)]);
  const functions = sumBy(times, ({ name, url, line }) => `${name} ${short(url)}:${line}`)
    .slice(0, Number(values.top))
    .map(([name, us]) => [name, share(us)]);
  console.log(markdownTable([['group', 'share of CPU'], ...groups]));
  console.log(`\n${markdownTable([['function', 'share of CPU'], ...functions])}`);
}

/** Where each function is in the sources: as it is built the library is one file. */
function asWritten(times: readonly SelfTime[]): SelfTime[] {
  const isBuilt = ({ url }: SelfTime): boolean => url.endsWith('/built/library.js');
  if (!times.some(isBuilt)) return [...times];
  const map = new SourceMap(JSON.parse(readFileSync('built/library.js.map', 'utf8')) as SourceMapPayload);
  return times.map((time) => {
    if (!isBuilt(time)) return time;
    const { originalSource: url, originalLine } = map.findEntry(
      time.line - 1,
      Number.MAX_SAFE_INTEGER,
    ) as Partial<SourceMapping>;
    return url === undefined || originalLine === undefined ? time : { ...time, url, line: originalLine + 1 };
  });
}

function short(url: string): string {
  return url.replace(/^.*\/(lib|bench|node_modules)\//, '$1/');
}

main();
