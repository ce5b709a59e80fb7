import { ThingsError } from '../engine.js';
import type { Source } from './source.js';

/** Error -52, with the place where reading stopped. */
export function syntaxError(source: Source, offset: number, reason?: string): ThingsError {
  const { line, position } = source.locate(offset);
  const place = `error at line ${line}, position ${position}`;
  if (reason !== undefined) return new ThingsError(-52, `${place}, ${reason}`);
  const rest = source.text.slice(offset);
  if (!rest) return new ThingsError(-52, `${place}, unexpected end of the code`);
  const word = /^[0-9A-Za-z_]{2,}/.exec(rest)?.[0];
  return new ThingsError(-52, `${place}, unexpected ${word ? `\`${word}\`` : `character \`${rest[0]}\``}`);
}
