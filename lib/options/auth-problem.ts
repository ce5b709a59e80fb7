/** What is wrong with credentials, by the name of the field and never by its value; `undefined` if nothing is. */
export function authProblem(auth: unknown): string | undefined {
  if (typeof auth !== 'object' || auth === null) return 'expected { username, password } or { token }';
  const { username, password, token, ...others } = auth as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) return `unknown field ${other}; expected { username, password } or { token }`;
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    return 'expected either a token or username and password';
  }
  if ('token' in auth) return isText(token) ? undefined : 'token is missing or empty';
  if (!isText(username)) return 'username is missing or empty';
  return typeof password === 'string' ? undefined : 'password is missing';
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
