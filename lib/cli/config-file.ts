import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { UsageError } from './usage-error.js';

/** What a file may say about how to reach ThingsDB; docs/CLI.md tells each key. */
export interface ConfigFile {
  readonly url?: string | readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly collection?: string;
  readonly prefix?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServername?: string;
  readonly tlsVerify?: boolean;
}

export interface FoundConfig {
  readonly values: ConfigFile;
  readonly file: string | undefined;
  /** Whether it holds a secret that other users of this machine can read. */
  readonly isExposed: boolean;
}

type Kind = 'text' | 'texts' | 'flag' | 'file';

const KEYS: Readonly<Record<keyof ConfigFile, Kind>> = {
  url: 'texts',
  user: 'text',
  password: 'text',
  token: 'text',
  collection: 'text',
  prefix: 'text',
  tlsCa: 'file',
  tlsCert: 'file',
  tlsKey: 'file',
  tlsServername: 'text',
  tlsVerify: 'flag',
};

const EXPECTED: Readonly<Record<Kind, string>> = {
  text: 'a text',
  texts: 'a text, or a list of texts',
  flag: 'true or false',
  file: 'the name of a file',
};

const OTHERS_MAY_READ = 0o044;

/**
 * Reads the file that was named, or the one in its usual place if there is one.
 * @throws UsageError if it cannot be read; no message holds a value of it
 */
export function readConfig(named: string | undefined, env: NodeJS.ProcessEnv): FoundConfig {
  const file = named ?? usualPlace(env);
  const text = contentOf(file, named === undefined);
  if (text === undefined) return { values: {}, file: undefined, isExposed: false };
  const values = parsed(file, text);
  const isSecret = values.password !== undefined || values.token !== undefined;
  const isReadable = process.platform !== 'win32' && (statSync(file).mode & OTHERS_MAY_READ) !== 0;
  return { values, file, isExposed: isSecret && isReadable };
}

function usualPlace(env: NodeJS.ProcessEnv): string {
  const folder = env['XDG_CONFIG_HOME'] ?? '';
  return path.join(folder === '' ? path.join(homedir(), '.config') : folder, 'thingsdb-lock.json');
}

function contentOf(file: string, mayBeAbsent: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (mayBeAbsent && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new UsageError(`--config: ${message}`);
  }
}

function parsed(file: string, text: string): ConfigFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's message would quote the text, and that may be a password.
    throw new UsageError(`${file} is not JSON`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(`${file} is not a JSON object`);
  }
  const entries = Object.entries(content).map(([key, value]) => [key, checked(file, key, value)] as const);
  return Object.fromEntries(entries);
}

function checked(file: string, key: string, value: unknown): unknown {
  if (!Object.hasOwn(KEYS, key)) {
    throw new UsageError(`${file}: there is no "${key}"; known are ${Object.keys(KEYS).join(', ')}`);
  }
  const kind = KEYS[key as keyof ConfigFile];
  if (!isOf(kind, value)) throw new UsageError(`${file}: "${key}" is not ${EXPECTED[kind]}`);
  // As the file says it, wherever the program is called from.
  return kind === 'file' ? path.resolve(path.dirname(file), value as string) : value;
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'flag') return typeof value === 'boolean';
  const texts = kind === 'texts' && Array.isArray(value) ? value : [value];
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && text !== '');
}
