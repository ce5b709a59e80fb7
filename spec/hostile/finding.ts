import { described, type Sent } from './wire.js';

export type FindingKind =
  /** Outside of the contract, and taken all the same. */
  | 'accepted'
  /** Refused with a code that is none of the schema's. */
  | 'untyped'
  /** Refused, and something that is stored has changed. */
  | 'changed'
  /** Another's id, or half of it, stood in what came back. */
  | 'leak'
  /** An honest process has lost something. */
  | 'harm'
  /** Procedures, types or code of the collection have changed. */
  | 'code'
  /** One call kept the server for too long. */
  | 'slow'
  /** The connection ended, or an answer cannot be read. */
  | 'broken'
  /** An honest client failed, or was late. */
  | 'honest';

export interface HostileCall {
  readonly user: string;
  readonly procedure: string;
  readonly args: Sent;
}

export interface Finding {
  readonly kind: FindingKind;
  /** Of the round that found it. */
  readonly seed: number;
  readonly calls: readonly HostileCall[];
  readonly what: string;
}

/** From what costs others most. */
const ORDER: readonly FindingKind[] = [
  'broken',
  'harm',
  'code',
  'leak',
  'changed',
  'honest',
  'slow',
  'accepted',
  'untyped',
];
const MOST_PARAGRAPHS = 40;
const MOST_LETTERS = 240;

/** Those that are alike together, each told once with the first call of it; the worst first. */
export function reportOf(findings: readonly Finding[]): string {
  const alike = new Map<string, Finding[]>();
  for (const finding of findings.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))) {
    const procedures = [...new Set(finding.calls.map(({ procedure }) => procedure))].join(', ');
    const key = `${finding.kind} ${procedures}: ${finding.what.replace(/\d{2,}/g, 'N').slice(0, 60)}`;
    alike.set(key, [...(alike.get(key) ?? []), finding]);
  }
  const paragraphs = [...alike.values()].map(paragraphOf);
  const left = paragraphs.length - MOST_PARAGRAPHS;
  return [
    ORDER.map((kind) => `${kind} ${findings.filter((finding) => finding.kind === kind).length}`).join(', '),
    ...paragraphs.slice(0, MOST_PARAGRAPHS),
    ...(left > 0 ? [`and ${left} more kinds`] : []),
  ].join('\n');
}

function paragraphOf(all: readonly Finding[]): string {
  const [{ kind, what, calls, seed }] = all as [Finding];
  const lines = calls
    .slice(0, 3)
    .map(({ user, procedure, args }) => `    ${user}: ${procedure} ${described(args, MOST_LETTERS)}`);
  return [`HOSTILE_SEED=${seed} ${kind}, ${all.length} times: ${what}`, ...lines].join('\n');
}
