import type { JsonRecord, Output } from '../output.js';
import type { Paint, Palette } from '../palette.js';

/** `skipped`: it could not be looked at, and the message says why. */
export type Level = 'ok' | 'warning' | 'problem' | 'skipped';

/** What was looked at. */
export type Check =
  | 'connection'
  | 'transport'
  | 'credentials'
  | 'version'
  | 'nodes'
  | 'schema'
  | 'rights'
  | 'clocks'
  | 'tasks'
  | 'sweeper'
  | 'round trips'
  | 'hand-over';

/** One thing that the doctor has to say. */
export interface Finding {
  readonly check: Check;
  readonly level: Level;
  readonly message: string;
  /** What to do, for a warning or a problem. */
  readonly cure?: string;
}

const WIDTH = 'problem'.length;
const INDENT = ' '.repeat(WIDTH + 2);

export function ok(check: Check, message: string): Finding {
  return { check, level: 'ok', message };
}

export function skipped(check: Check, message: string): Finding {
  return { check, level: 'skipped', message };
}

export function warning(check: Check, message: string, cure: string): Finding {
  return { check, level: 'warning', message, cure };
}

export function problem(check: Check, message: string, cure: string): Finding {
  return { check, level: 'problem', message, cure };
}

export function findingRecord({ check, level, message, cure }: Finding): JsonRecord {
  return { type: 'finding', check, level, message, cure };
}

export function findingText(
  { check, level, message, cure }: Finding,
  { palette }: Pick<Output, 'palette'>,
): string {
  const line = `${paintOf(level, palette)(level.padEnd(WIDTH))}  ${palette.bold(check)}: ${message}`;
  return cure === undefined ? line : `${line}\n${INDENT}${palette.bold('->')} ${cure}`;
}

function paintOf(level: Level, { green, yellow, red, dim }: Palette): Paint {
  return { ok: green, warning: yellow, problem: red, skipped: dim }[level];
}
