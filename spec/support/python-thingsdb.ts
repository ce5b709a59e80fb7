import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** All of it together: a machine without network must not wait long to learn that there is none. */
const INSTALL_LIMIT_MS = 30_000;

const WORKER = join(__dirname, 'python-worker.py');

/** Python with python-thingsdb in a folder of its own, or why it cannot be had. */
export type PythonThingsDB =
  { readonly python: string; remove(): void } | { readonly python: undefined; readonly reason: string };

/** Makes a virtual environment and installs the package from PyPI (or wherever pip is told to look). */
export function installPythonThingsDB(): PythonThingsDB {
  const endMs = Date.now() + INSTALL_LIMIT_MS;
  const folder = mkdtempSync(join(tmpdir(), 'python-thingsdb-'));
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const steps: [what: string, command: string, args: string[]][] = [
    ['python3 -m venv', 'python3', ['-m', 'venv', folder]],
    ['pip install python-thingsdb', python, ['-m', 'pip', 'install', '--quiet', 'python-thingsdb']],
    ['import thingsdb.misc.lock', python, ['-c', 'import thingsdb.misc.lock']],
  ];
  for (const [what, command, args] of steps) {
    const { status, error, stderr } = spawnSync(command, args, {
      encoding: 'utf8',
      timeout: Math.max(1, endMs - Date.now()),
    });
    if (status === 0 && existsSync(python)) continue;
    rmSync(folder, { recursive: true, force: true });
    const detail = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
    return { python: undefined, reason: `${what} failed: ${detail}` };
  }
  return { python, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A process that runs spec/support/python-worker.py. */
export class PythonWorker {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;
  #errors = '';

  private constructor(python: string, port: number) {
    this.#child = spawn(python, [WORKER, `${port}`], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves when it has connected and logged in. */
  static async start(python: string, port: number): Promise<PythonWorker> {
    const worker = new PythonWorker(python, port);
    await worker.expect('ready');
    return worker;
  }

  send(command: string): void {
    this.#child.stdin!.write(`${command}\n`);
  }

  /** The next line that it writes. */
  async next(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the Python process ended:\n${this.#errors}`);
    return line.value;
  }

  async expect(line: string): Promise<void> {
    expect(await this.next()).toBe(line);
  }

  async ask(command: string): Promise<string> {
    this.send(command);
    return this.next();
  }

  /** As a machine that loses power: it says nothing to anybody. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await exited;
  }
}
