import { isWellFormed } from './names.js';

const EXPECTED = 'expected { username, password } or { token }';
const MEANT: Readonly<Record<string, string>> = {
  user: 'username',
  name: 'username',
  login: 'username',
  pass: 'password',
  pwd: 'password',
  passwd: 'password',
  secret: 'password',
  apikey: 'token',
  key: 'token',
  accesstoken: 'token',
};

/** What is wrong with credentials, by the name of the field and never by its value; `undefined` if nothing is. */
export function authProblem(auth: unknown): string | undefined {
  if (typeof auth === 'string') return `text is given; ${EXPECTED}`;
  if (Array.isArray(auth)) return `a list is given; ${EXPECTED}`;
  if (typeof auth !== 'object' || auth === null) return EXPECTED;
  const { username, password, token, ...others } = auth as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) return unknownField(other);
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    return 'auth has a token as well as a username or password: expected only one of them';
  }
  if ('token' in auth) return textProblem('token', token);
  return textProblem('username', username) ?? passwordProblem(password);
}

function unknownField(field: string): string {
  const lower = field.toLowerCase();
  const meant = Object.hasOwn(MEANT, lower) ? MEANT[lower] : undefined;
  return `auth.${field} is not known: ${meant === undefined ? EXPECTED : `it is called ${meant} here`}`;
}

function textProblem(field: string, value: unknown): string | undefined {
  if (value === undefined) return missing(field);
  if (value === '') return `auth.${field} is empty (is an environment variable empty?)`;
  return typeProblem(field, value);
}

/** It may be empty. */
function passwordProblem(value: unknown): string | undefined {
  if (value === undefined) return missing('password');
  return typeProblem('password', value);
}

function typeProblem(field: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return `auth.${field} is ${kindOf(value)}; expected text`;
  return isWellFormed(value) ? undefined : `auth.${field}: expected well-formed Unicode`;
}

function missing(field: string): string {
  return `auth.${field} is undefined (is an environment variable not set?)`;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : `a ${typeof value}`;
}
