import {RegExpParser, visitRegExpAST, type AST} from '@eslint-community/regexpp';

// Texts that a regular expression may take long for, made of itself: a beginning, a part that is repeated, and an end
// that does not match.

export interface Attack {
  before: string;
  pump: string;
  end: string;
}

/** What the world repeats. */
const PUMPS = ['a', 'a-', 'a.', ' ', '\t', '\n', ' \n', '"', '\\', 'a=', 'a://', ':', '.', '/', '%', '{', '[',
  '1', '1.', 'a ', '-a ', 'A', '\u0001'];
/** Neither a dot nor most classes take the first; what ends at a line's end is tried behind it too. */
const ENDS = ['\u0000', '\n\u0000'];
/** One of these is in nearly every class. */
const CHARACTERS = ['a', '1', '-', ' ', '.', '/', 'A', '_', '\t', '\n', '"', '=', ':', ';', '%', '+',
  '\u0000', '\u200e'];

export function attacksOn({source, flags}: RegExp): Attack[] {
  const unicode = flags.includes('u');
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, {unicode, unicodeSets: false});
  const pairs = new Map<string, [before: string, pump: string]>();
  const add = (before: string, pump: string) => {
    if (pump !== '') pairs.set(JSON.stringify([before, pump]), [before, pump]);
  };
  for (const pump of PUMPS) add('', pump);
  const characters = [...CHARACTERS, ...beginningsOf(pattern.alternatives)];
  for (const one of pattern.alternatives) walk(one, '', {characters, add});
  const ends = [...ENDS, ...forbiddenOf(pattern)];
  return [...pairs.values()].flatMap(([before, pump]) => ends.map((end) => ({before, pump, end})));
}

/** Where a class takes what the expression begins with, the search begins anew in what it just read. */
function beginningsOf(alternatives: AST.Alternative[]): string[] {
  return alternatives.flatMap(({elements}) => {
    const first = partsOf(elements, []).find(({text}) => text !== '');
    return first ? [first.text, ...beginningsOf(first.inside)] : [];
  });
}

/** What may not follow or stand before: texts for which a match fails at its end. */
function forbiddenOf(pattern: AST.Pattern): string[] {
  const found: string[] = [];
  visitRegExpAST(pattern, {
    onAssertionEnter: (one) => {
      if (!('negate' in one && one.negate && 'alternatives' in one)) return;
      for (const {elements} of one.alternatives) found.push(partsOf(elements, []).map(({text}) => text).join(''));
    },
  });
  return found;
}

interface Walk {
  characters: string[];
  add(before: string, pump: string): void;
}

/** Each part of a sequence is repeated where it stands, with the next one, and with all that stands before it. */
function walk(alternative: AST.Alternative, before: string, {characters, add}: Walk): void {
  const parts = partsOf(alternative.elements, characters);
  let read = '';
  for (const [index, {text, others, inside}] of parts.entries()) {
    const next = parts[index + 1];
    for (const one of [text, ...others]) {
      add(before + read, one);
      add(before, read + one);
      if (next) add(before + read, one + next.text);
    }
    for (const other of next?.others ?? []) add(before + read, text + other);
    for (const one of inside) walk(one, before + read, {characters, add});
    read += text;
  }
}

interface Part {
  text: string;
  /** Other texts that the same part takes. */
  others: string[];
  inside: AST.Alternative[];
}

/** Characters in a row are one part. */
function partsOf(elements: AST.Element[], characters: string[]): Part[] {
  const parts: Part[] = [];
  let run: Part | undefined;
  for (const one of elements) {
    if (one.type === 'Character' && run) run.text += sample(one);
    else {
      const part = {text: sample(one), others: othersOf(one, characters), inside: insideOf(one)};
      run = one.type === 'Character' ? part : undefined;
      parts.push(part);
    }
  }
  return parts;
}

function insideOf(element: AST.Element): AST.Alternative[] {
  switch (element.type) {
    case 'Quantifier':
      return insideOf(element.element);
    case 'Group':
    case 'CapturingGroup':
      return element.alternatives;
    case 'Assertion':
      return 'alternatives' in element ? element.alternatives : [];
    default:
      return [];
  }
}

function othersOf(element: AST.Element, characters: string[]): string[] {
  if (element.type === 'Quantifier') return othersOf(element.element, characters);
  if (element.type !== 'CharacterClass' && element.type !== 'CharacterSet') return [];
  return characters.filter((one) => takes(element, one));
}

/** One text that an element takes. */
function sample(element: AST.Element): string {
  switch (element.type) {
    case 'Character':
      return String.fromCodePoint(element.value);
    case 'Quantifier':
      return sample(element.element).repeat(Math.max(1, element.min));
    case 'Group':
    case 'CapturingGroup':
      return partsOf(element.alternatives[0]!.elements, []).map(({text}) => text).join('');
    case 'CharacterClass':
    case 'CharacterSet':
      return CHARACTERS.find((one) => takes(element, one)) ?? firstOf(element);
    default:
      return '';
  }
}

function takes({raw}: AST.Element, text: string): boolean {
  return new RegExp(`^${raw}+$`).test(text);
}

function firstOf(element: AST.Element): string {
  const [first] = element.type === 'CharacterClass' ? element.elements : [];
  if (first?.type === 'Character') return String.fromCodePoint(first.value);
  return first?.type === 'CharacterClassRange' ? String.fromCodePoint(first.min.value) : '';
}

/** The attack as a text of some `size`. */
export function textOf({before, pump, end}: Attack, size: number): string {
  return before + pump.repeat(Math.max(1, Math.floor(size / pump.length))) + end;
}
