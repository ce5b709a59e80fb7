import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { BackEnd } from './back-end.js';
import { inTime } from './in-time.js';

const ROOT = join(__dirname, '../..');
/** Where `npm run coverage:cli` wants to have what each process ran. */
const COVERAGE = process.env['CLI_COVERAGE'];

export const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};

/** The command line in one file, so that it starts as fast as the built one does; and a home without a config. */
interface Built {
  readonly folder: string;
  readonly main: string;
}

function built(): Built {
  const folder = mkdtempSync(join(tmpdir(), 'thingsdb-lock-cli-'));
  const main = join(folder, 'main.js');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'thingsdb-lock', version }));
  // Whether the page of the live view works is seen in a browser, by its own suite.
  mkdirSync(join(folder, 'dist/ui'), { recursive: true });
  writeFileSync(join(folder, 'dist/ui/page.html'), '<title>the page</title>');
  buildSync({
    entryPoints: [join(ROOT, 'lib/cli/main.ts')],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    sourcemap: COVERAGE === undefined ? false : 'inline',
    sourcesContent: false,
  });
  return { folder, main };
}

/** A run of the command line, with what it has written so far. */
export class Cli {
  readonly child: ChildProcessWithoutNullStreams;
  out = '';
  err = '';
  readonly #ended: Promise<number>;
  readonly #waiting = new Set<() => void>();

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = spawn(command, args, { env });
    this.child.stdout.on('data', (data: Buffer) => this.#wrote('out', data));
    this.child.stderr.on('data', (data: Buffer) => this.#wrote('err', data));
    this.#ended = new Promise((resolve) => this.child.on('close', (code) => resolve(code ?? -1)));
  }

  /** Its exit status: -1 if a signal ended it. Rejects with what it has written if it does not end. */
  get status(): Promise<number> {
    return inTime(this.#ended, () => `it has not ended${this.#written()}`);
  }

  /** Resolves once the text has been written to the standard output; rejects, with what was, if it never is. */
  printed(text: string): Promise<void> {
    return this.#has('out', text);
  }

  /** The same of the standard error. */
  complained(text: string): Promise<void> {
    return this.#has('err', text);
  }

  /** The lines of the standard output, as `--json` writes them. */
  get records(): Record<string, unknown>[] {
    return recordsIn(this.out);
  }

  #wrote(stream: 'out' | 'err', data: Buffer): void {
    this[stream] += data.toString();
    for (const check of this.#waiting) check();
  }

  async #has(stream: 'out' | 'err', text: string): Promise<void> {
    const missing = (): string => `${JSON.stringify(text)} was not written${this.#written()}`;
    let check = (): void => undefined;
    const written = new Promise<void>((resolve) => {
      check = () => {
        if (this[stream].includes(text)) resolve();
      };
    });
    this.#waiting.add(check);
    check();
    const ended = this.#ended.then((status) => {
      if (!this[stream].includes(text)) throw new Error(`it ended with ${status}, ${missing()}`);
    });
    try {
      await inTime(Promise.race([written, ended]), missing);
    } finally {
      this.#waiting.delete(check);
    }
  }

  #written(): string {
    return `; it has written:\n${this.out}and to the standard error:\n${this.err}`;
  }
}

export function recordsIn(text: string): Record<string, unknown>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Who a program of a back end logs in as, and where. */
export function environmentOf(backEnd: BackEnd, url = backEnd.urls.join(',')): NodeJS.ProcessEnv {
  const credentials =
    'token' in backEnd.auth
      ? { THINGSDB_TOKEN: backEnd.auth.token }
      : { THINGSDB_USER: backEnd.auth.username, THINGSDB_PASSWORD: backEnd.auth.password };
  return { ...credentials, THINGSDB_URL: url, THINGSDB_COLLECTION: backEnd.collection };
}

export interface CliRunner {
  /** Starts it with nothing in its environment but this. */
  (args: readonly string[], env?: NodeJS.ProcessEnv): Cli;
  /** The same, as another program does that is given the command to run. */
  by(program: readonly string[], args: readonly string[], env?: NodeJS.ProcessEnv): Cli;
}

/** The command line for the tests of one file: built before them, and ended after each of them if it has not ended. */
export function useCli(): CliRunner {
  const started: Cli[] = [];
  let program: Built;
  beforeAll(() => {
    program = built();
  });
  afterEach(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.splice(0).map(({ status }) => status));
  });
  afterAll(() => rmSync(program.folder, { recursive: true, force: true }));

  const by = (wrapper: readonly string[], args: readonly string[], env: NodeJS.ProcessEnv = {}): Cli => {
    const { PATH } = process.env;
    const [command = '', ...rest] = [...wrapper, process.execPath, program.main, ...args];
    const run = new Cli(command, rest, { PATH, HOME: program.folder, NODE_V8_COVERAGE: COVERAGE, ...env });
    started.push(run);
    return run;
  };
  return Object.assign((args: readonly string[], env?: NodeJS.ProcessEnv) => by([], args, env), { by });
}
