/** The shapes of ThingsDB's words and values. All are sticky: they match at `lastIndex` or not at all. */
export const token = {
  gap: /(?:\s+|\/\/[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*/y,
  name: /[A-Za-z_][0-9A-Za-z_]{0,254}(?![0-9A-Za-z_])/y,
  signs: /(?:\s*~)*(?:\s*!|\s*[-+](?=[^0-9]))*/y,
  float: /[-+]?(?:inf|nan|[0-9]*\.[0-9]+(?:e[+-][0-9]+)?)(?![0-9A-Za-z_.])/y,
  int: /[-+]?(?:0b[01]+|0o[0-8]+|0x[0-9a-fA-F]+|[0-9]+)(?![0-9A-Za-z_.])/y,
  regex: /\/((?:.(?!(?<!\\)\/))*.?)\/[a-z]*/y,
  string: /(?:'[^']*')+|(?:"[^"]*")+/y,
  templateText: /(?:[^`{}]|``|\{\{|\}\})+/y,
  assign: /=(?!=)|[-+*/%&^|]=/y,
  /** In the order in which ThingsDB tries them. */
  operator: /\?|\|\||&&|<<|>>|==|!=|<=|>=|<|>|\||\^|&|\+|-|\*|\/|%/y,
} as const;
