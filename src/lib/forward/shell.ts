import {STARS} from '../model/credential.ts';

/** Variables of the shell's own, and of each program's. */
const TAKEN = /^(?:PWD|OLDPWD|PATH|HOME|USER|SHELL|TERM|LANG|IFS|PS\d|UID|\d.*|_*)$/;

/** The variables that stand in a command for what is not shown, each named for what it holds. */
export class Variables {
  readonly names: string[] = [];

  /** A text in quotes of the shell, with a variable of that name for each place that is masked. */
  quoted(text: string, name: string): string {
    const pieces = text.split(STARS);
    const variables = pieces.slice(1).map((_, index) => this.#named(nameBefore(pieces[index]!) ?? name));
    const plain = pieces.every((piece) => !/[!"$`\\]/.test(piece));
    const joined = (each: (piece: string) => string, between: (variable: string, next: string) => string) =>
      pieces.map((piece, index) => (index === 0 ? '' : between(variables[index - 1]!, piece)) + each(piece)).join('');
    if (plain) return `"${joined((piece) => piece, reference)}"`;
    return joined((piece) => (piece === '' ? '' : quoted(piece)), (variable) => `"$${variable}"`);
  }

  #named(wanted: string): string {
    const upper = wanted.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
    const base = TAKEN.test(upper) ? `PROBE_${upper}` : upper;
    let name = base;
    for (let count = 2; this.names.includes(name); count++) name = `${base}_${count}`;
    this.names.push(name);
    return name;
  }
}

/** A text that the shell takes as it is. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The name of the pair that ends there: `token` of `/h?token=`. */
function nameBefore(piece: string): string | undefined {
  return /([\w.-]{1,60})=$/.exec(piece)?.[1];
}

function reference(name: string, next: string): string {
  return /^\w/.test(next) ? `\${${name}}` : `$${name}`;
}
