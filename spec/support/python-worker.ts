import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const WORKER = join(__dirname, 'python-worker.py');

/** Where and as whom a {@link PythonWorker} uses the lock. */
export interface PythonLogin {
  readonly tcp: { readonly host: string; readonly port: number };
  readonly collection: string;
  readonly auth: { readonly username: string; readonly password: string } | { readonly token: string };
  /** Resolves when whichever node answers knows what was done before. Awaited before the process looks at a lock. */
  readonly caughtUp?: () => Promise<void>;
}

/** A process that runs spec/support/python-worker.py. */
export class PythonWorker {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #caughtUp: PythonLogin['caughtUp'];
  #errors = '';

  private constructor(env: NodeJS.ProcessEnv, { tcp, collection, auth, caughtUp }: PythonLogin) {
    this.#caughtUp = caughtUp;
    const credentials = JSON.stringify('token' in auth ? [auth.token] : [auth.username, auth.password]);
    this.#child = spawn('python3', [WORKER, tcp.host, `${tcp.port}`, collection, credentials], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr!.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves when it has connected and logged in. */
  static async start(env: NodeJS.ProcessEnv, login: PythonLogin): Promise<PythonWorker> {
    const worker = new PythonWorker(env, login);
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
    if (command.startsWith('locked ')) await this.#caughtUp?.();
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
