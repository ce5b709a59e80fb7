/** A method as its class's author knows it, for messages. */
export function spotOf(target: object, method: string | symbol): string {
  return `${target.constructor.name}.${String(method)}()`;
}
