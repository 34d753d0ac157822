import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import ts from 'typescript';

// Finds every regular expression that is written in a folder of sources.

export interface Expression {
  /** `src/lib/target.ts:27`. */
  place: string;
  regex: RegExp;
  /** Where `split` takes it, it is tried all along the text though it has no flag for that. */
  splits: boolean;
}

export function sourcesIn(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(folder, file));
}

/** Literals, and what `new RegExp` makes of constants; a parameter stands for a port. */
export async function expressionsOf(file: string): Promise<Expression[]> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Expression[] = [];
  let elsewhere: string | undefined;
  const visit = (node: ts.Node): void => {
    const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) found.push({place, regex: literal(node.text), splits: isSplit(node)});
    else if (isBuilt(node)) {
      const [pattern, flags] = (node.arguments ?? []).map((one) => textOf(one, source));
      if (pattern === undefined) elsewhere ??= place;
      else found.push({place, regex: new RegExp(pattern, flags), splits: isSplit(node)});
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (elsewhere !== undefined) found.push(...(await builtBy(file, elsewhere)));
  return found;
}

function literal(text: string): RegExp {
  const end = text.lastIndexOf('/');
  return new RegExp(text.slice(1, end), text.slice(end + 1));
}

function isSplit({parent}: ts.Node): boolean {
  if (!ts.isCallExpression(parent) || !ts.isPropertyAccessExpression(parent.expression)) return false;
  return parent.expression.name.text === 'split';
}

function isBuilt(node: ts.Node): node is ts.NewExpression | ts.CallExpression {
  return (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp';
}

/** The text of an expression that is made of constants of its file; undefined where only running it would tell. */
function textOf(node: ts.Expression, source: ts.SourceFile): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) return templateOf(node, (part) => part.text, source);
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'String.raw') return rawOf(node.template, source);
  if (ts.isIdentifier(node)) return constantOf(node.text, source);
  return joinedOf(node, source);
}

function rawOf(node: ts.TemplateLiteral, source: ts.SourceFile): string | undefined {
  const raw = (part: ts.TemplateLiteralLikeNode) => part.rawText ?? part.getText().replace(/^[`}]|(?:`|\$\{)$/g, '');
  return ts.isTemplateExpression(node) ? templateOf(node, raw, source) : raw(node);
}

type Reading = (part: ts.TemplateLiteralLikeNode) => string;

function templateOf({head, templateSpans}: ts.TemplateExpression, read: Reading, source: ts.SourceFile) {
  let text = read(head);
  for (const {expression, literal: rest} of templateSpans) {
    const value = textOf(expression, source);
    if (value === undefined) return undefined;
    text += value + read(rest);
  }
  return text;
}

/** `[…].join('|')`. */
function joinedOf(node: ts.Expression, source: ts.SourceFile): string | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  if (node.expression.name.text !== 'join') return undefined;
  const list = node.expression.expression;
  if (!ts.isArrayLiteralExpression(list)) return undefined;
  const parts = list.elements.map((one) => textOf(one, source));
  return parts.includes(undefined) ? undefined : parts.join(textOf(node.arguments[0]!, source));
}

const PORT = '8080';

function constantOf(name: string, source: ts.SourceFile): string | undefined {
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const made = statement.declarationList.declarations.find((one) => one.name.getText() === name);
    if (made?.initializer) return textOf(made.initializer, source);
  }
  return PORT;
}

/** What a file builds of expressions while it is loaded, watched as it is loaded once more. */
async function builtBy(file: string, place: string): Promise<Expression[]> {
  const built: Expression[] = [];
  const original = globalThis.RegExp;
  globalThis.RegExp = new Proxy(original, {
    construct(target, [pattern, flags]: [string | RegExp, string | undefined]) {
      const regex = new target(pattern, flags);
      built.push({place, regex, splits: false});
      return regex;
    },
  });
  try {
    await import(`${pathToFileURL(file).href}?expressions`);
  } finally {
    globalThis.RegExp = original;
  }
  if (built.length === 0) throw new Error(`${place}: nobody can tell what expression this is: make it of constants`);
  return built;
}
