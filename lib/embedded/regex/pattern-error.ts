/** A regular expression that cannot be compiled; the reasons are those of PCRE2, which ThingsDB shows. */
export class PatternError extends Error {}

/** A regular expression that PCRE2 takes and the embedded ThingsDB does not. */
export class PatternNotSupportedError extends Error {}
