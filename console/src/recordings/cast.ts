// A recording as asciicast v2: its words line by line, when they came, and where a text stands in it.

export interface Line {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly text: string;
}

interface Output {
  readonly at: number;
  readonly text: string;
}

/** Lines of a search at most: who finds more asks more precisely. */
const FOUND = 200;

function outputs(cast: string): Output[] {
  const found: Output[] = [];
  for (const line of cast.split('\n').slice(1)) {
    if (line === '') {
      continue;
    }
    const [at, kind, text] = JSON.parse(line) as [unknown, unknown, unknown];
    if (kind === 'o' && typeof at === 'number' && typeof text === 'string') {
      found.push({ at, text });
    }
  }
  return found;
}

/** Sequences that a terminal obeys: strings up to BEL or ESC and a backslash, CSI, and two letters otherwise. */
const SEQUENCES = /\u001b(?:[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\[[0-?]*[ -/]*[@-~]?|[ -/]?.?)/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** What is left to be read of a line: neither colours nor anything that moves the cursor. */
export function words(line: string): string {
  return line.replace(SEQUENCES, '').replaceAll('\t', ' ').replace(CONTROLS, '');
}

/** The lines of the recording, each with the time at which it began. */
export function lines(cast: string): Line[] {
  const found: Line[] = [];
  let begun: Output = { at: 0, text: '' };
  for (const { at, text } of outputs(cast)) {
    const [first = '', ...more] = text.split('\n');
    begun = begun.text === '' ? { at, text: first } : { at: begun.at, text: begun.text + first };
    for (const next of more) {
      found.push({ at: begun.at, text: words(begun.text) });
      begun = { at, text: next };
    }
  }
  return begun.text === '' ? found : [...found, { at: begun.at, text: words(begun.text) }];
}

export function textLog(cast: string): string {
  return lines(cast).map(({ text }) => `${text}\n`).join('');
}

/** The lines that hold `wanted`, whatever its casing. */
export function search(all: readonly Line[], wanted: string): Line[] {
  const folded = wanted.toLowerCase();
  return folded === '' ? [] : all.filter(({ text }) => text.toLowerCase().includes(folded)).slice(0, FOUND);
}

/** `1:02:03` or `2:03`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (part: number): string => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
