/** The tree of a ThingsDB program. `start` and `end` are byte offsets into the {@link Source}. */

interface Span {
  readonly start: number;
  readonly end: number;
}

/** How tightly an operator binds: a lower number binds tighter. */
export const precedence: Readonly<Record<string, number>> = {
  '*': 0,
  '/': 0,
  '%': 0,
  '+': 1,
  '-': 1,
  '<<': 2,
  '>>': 2,
  '&': 3,
  '^': 4,
  '|': 5,
  '<': 6,
  '>': 6,
  '==': 6,
  '!=': 6,
  '<=': 6,
  '>=': 6,
  '&&': 7,
  '||': 8,
  '?': 9,
};

export type Statement =
  | IfStatement
  | ReturnStatement
  | ForStatement
  | JumpStatement
  | ClosureNode
  | Block
  | Operation
  | Ternary
  | Expression;

export interface IfStatement extends Span {
  readonly type: 'if';
  readonly condition: Statement;
  readonly then: Statement;
  readonly otherwise: Statement | null;
}

export interface ReturnStatement extends Span {
  readonly type: 'return';
  /** The value, how deep it is returned, and flags. */
  readonly values: readonly Statement[];
}

export interface ForStatement extends Span {
  readonly type: 'for';
  readonly names: readonly string[];
  readonly iterable: Statement;
  readonly body: Statement;
}

export interface JumpStatement extends Span {
  readonly type: 'continue' | 'break';
}

export interface ClosureNode extends Span {
  readonly type: 'closure';
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface Block extends Span {
  readonly type: 'block';
  readonly statements: readonly Statement[];
}

export interface Operation extends Span {
  readonly type: 'operation';
  readonly operator: string;
  readonly left: Statement;
  readonly right: Statement;
}

export interface Ternary extends Span {
  readonly type: 'ternary';
  readonly condition: Statement;
  readonly then: Statement;
  readonly otherwise: Statement;
}

/** Something with a value: signs before it, then indexes and a chain of `.name` after it. */
export interface Expression extends Span {
  readonly type: 'expression';
  /** The signs `!`, `-`, `+` and `~`, as they were written. */
  readonly signs: string;
  readonly head: Head;
  readonly indexes: readonly Index[];
  readonly chain: Chain | null;
}

export type Head =
  | Chain
  | Literal
  | TemplateLiteral
  | AnonymousType
  | Variable
  | Call
  | Assignment
  | Instance
  | EnumMember
  | ThingLiteral
  | ListLiteral
  | Parenthesis;

export interface Literal extends Span {
  readonly type: 'nil' | 'true' | 'false' | 'int' | 'float' | 'string' | 'regex';
}

export interface TemplateLiteral extends Span {
  readonly type: 'template';
  /** Text (already unescaped) and statements, in order. */
  readonly parts: readonly (string | Statement)[];
}

export interface Field extends Span {
  readonly name: string;
  /** Absent in `{name:}`, which takes the variable of that name. */
  readonly value: Statement | null;
}

export interface AnonymousType extends Span {
  readonly type: 'anonymous';
  readonly fields: readonly Field[];
}

export interface Variable extends Span {
  readonly type: 'variable';
  readonly name: string;
}

export interface Call extends Span {
  readonly type: 'call';
  readonly name: string;
  readonly args: readonly Statement[];
}

export interface Assignment extends Span {
  readonly type: 'assignment';
  readonly name: string;
  /** `=`, `+=` and so on. */
  readonly operator: string;
  readonly value: Statement;
}

export interface Instance extends Span {
  readonly type: 'instance';
  readonly name: string;
  readonly fields: readonly Field[];
}

export interface EnumMember extends Span {
  readonly type: 'enum';
  readonly name: string;
  readonly member: string | ClosureNode;
}

export interface ThingLiteral extends Span {
  readonly type: 'thing';
  readonly fields: readonly Field[];
}

export interface ListLiteral extends Span {
  readonly type: 'list';
  readonly items: readonly Statement[];
}

export interface Parenthesis extends Span {
  readonly type: 'parenthesis';
  readonly body: Statement;
}

export interface Index extends Span {
  /** One entry for an index, more for a slice; `null` where nothing is written between the colons. */
  readonly bounds: readonly (Statement | null)[];
  readonly isSlice: boolean;
  readonly assign: { readonly operator: string; readonly value: Statement } | null;
}

/** `.name`, `.name(...)` or `.name = ...`, and what follows. */
export interface Chain extends Span {
  readonly type: 'chain';
  /** Written with two dots: stops at `nil`. */
  readonly isOptional: boolean;
  readonly link: Variable | Call | Assignment;
  readonly indexes: readonly Index[];
  readonly next: Chain | null;
}

export interface Program extends Span {
  readonly type: 'program';
  readonly statements: readonly Statement[];
}
