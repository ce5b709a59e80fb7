import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MODEL = join(__dirname, 'request.pml');
/** Pan gives up beyond this, in MiB, and says so: then nothing is proven. */
const MEMORY_MB = 12_000;
const MOST_OUTPUT = 64 * 1024 * 1024;

/** What a search of all states has come to. */
export interface Outcome {
  readonly isComplete: boolean;
  /** A law is broken, or a never claim has come to its end. */
  readonly isBroken: boolean;
  readonly isFree: boolean;
  readonly states: string;
  readonly seconds: string;
}

/** The model, compiled with these definitions and claims. */
export class Verifier implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'formal-'));
  readonly #isFair: boolean;

  /** @param isFair whether every process goes on, in the end; for what must happen at last */
  constructor(defines: Readonly<Record<string, number>>, isFair: boolean, claims = '') {
    this.#isFair = isFair;
    writeFileSync(join(this.#folder, 'model.pml'), `${readFileSync(MODEL, 'utf8')}\n${claims}`);
    const options = Object.entries(defines).map(([key, value]) => `-D${key}=${value}`);
    // Claims are long, and searched through fast: to optimise them takes longer.
    const level = claims === '' ? '-O2' : '-O0';
    // No order of steps can be left out, as all of them use what all share. No part of a state is often the same, so
    // there is nothing to compress.
    const flags = [
      level,
      '-w',
      '-DNOREDUCE',
      ...(isFair ? ['-DNFAIR=4'] : ['-DSAFETY']),
      `-DMEMLIM=${MEMORY_MB}`,
    ];
    execFileSync('spin', [...options, '-a', 'model.pml'], { cwd: this.#folder, stdio: 'pipe' });
    execFileSync('cc', [...flags, '-o', 'pan', 'pan.c'], { cwd: this.#folder });
  }

  check(claim: string): Outcome {
    const fairness = this.#isFair ? ['-a', '-f'] : [];
    const { stdout } = spawnSync('./pan', ['-m4000000', ...fairness, '-N', claim], {
      ...{ cwd: this.#folder, encoding: 'utf8', maxBuffer: MOST_OUTPUT },
    });
    const [, states = '?'] = /^\s*([\d.e+]+) states, stored/m.exec(stdout) ?? [];
    const [, seconds = '?'] = /elapsed time ([\d.e+]+) seconds/.exec(stdout) ?? [];
    return {
      isComplete: !/max search depth too small|out of memory|memory limit/i.test(stdout),
      isBroken: /assertion violated|acceptance cycle \(|end state in claim reached/.test(stdout),
      isFree: /errors: 0/.test(stdout),
      states,
      seconds,
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
