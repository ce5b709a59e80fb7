/** The text of a literal: quotes are doubled inside quotes of the same kind. */
export function stringLiteral(text: string): string {
  const quote = text[0] as string;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
