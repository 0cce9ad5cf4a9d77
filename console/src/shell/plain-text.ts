// Text from nodes and people, made harmless: control characters and those that turn the direction of writing are shown
// as what they are.

/** Everything below space, delete and the C1 set, and Unicode's marks that reorder what is read. */
const HOSTILE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function plain(text: string): string {
  return text.replace(HOSTILE, (mark) => `\\u{${mark.charCodeAt(0).toString(16)}}`);
}
