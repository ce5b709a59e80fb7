import type { AccessList } from '../accounts/access-list.js';
import { lookupError, see, valueError } from '../errors.js';
import { isAscii, isValidName } from '../text.js';
import type { Collection } from './collection.js';

/** Where a query runs, and who may do what there. */
export type Scope =
  | { readonly kind: 'thingsdb'; readonly name: string; readonly access: AccessList }
  | { readonly kind: 'node'; readonly name: string; readonly access: AccessList }
  | {
      readonly kind: 'collection';
      readonly name: string;
      readonly access: AccessList;
      readonly collection: Collection;
    };

/** What a scope's name stands for. */
export type ScopeName =
  | { readonly kind: 'thingsdb' }
  | { readonly kind: 'node'; readonly id: number }
  | { readonly kind: 'collection'; readonly name: string };

/** Node ids lie below this. */
const MAX_NODES = 64;

/** Reads a scope's name: `@thingsdb`, `@n`, `//stuff`, `@:stuff`, `/t`, `@node:0` and so on. Throws -60 or -54. */
export function parseScopeName(text: string): ScopeName {
  const separator = text.startsWith('/') ? '/' : ':';
  const end = text.indexOf(separator, 1);
  const word = end === -1 ? text.slice(1) : text.slice(1, end);
  const rest = end === -1 ? '' : text.slice(end + 1);
  if (!/^[@/]./.test(text)) throw invalidScope(text);
  if (word !== '' && 'thingsdb'.startsWith(word) && end === -1) return { kind: 'thingsdb' };
  if (word !== '' && 'node'.startsWith(word)) return { kind: 'node', id: nodeId(rest) };
  if (word !== '' && 'collection'.startsWith(word)) return collectionName(rest);
  if (word === '' && rest !== '') return collectionName(rest);
  throw invalidScope(text);
}

function collectionName(name: string): ScopeName {
  if (name === '') throw scopeError('the collection scope requires to specify a collection');
  if (!isValidName(name)) throw scopeError('the specified collection name is invalid');
  return { kind: 'collection', name };
}

function nodeId(text: string): number {
  if (text === '') return 0;
  const id = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(id < MAX_NODES)) throw scopeError(`a node id must be an integer value between 0 and ${MAX_NODES}`);
  if (id !== 0) throw lookupError(`\`node:${id}\` does not exist`);
  return id;
}

/** The error for what is no scope at all. */
function invalidScope(text: string): Error {
  if (text === '') return scopeError('scopes must not be empty');
  if (!isAscii(text)) return scopeError('scopes must only contain valid ASCII characters');
  const [start = ''] = text;
  if (start !== '@' && start !== '/') {
    return scopeError(`scopes must start with a \`@\` or \`/\` but got \`${text}\` instead`);
  }
  const separator = start === '@' ? ':' : '/';
  const examples =
    `expecting a scope name like \`${start}thingsdb\`, \`${start}node${separator}...\` ` +
    `or \`${start}collection${separator}...\``;
  return scopeError(text === start ? examples : `${examples} but got \`${text}\` instead`);
}

function scopeError(reason: string): Error {
  return valueError(`invalid scope; ${reason}${see('overview/scopes')}`);
}
