// The console's own texts: each stands once, in both languages side by side, so that a missing one does not compile.

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A text in English and in Japanese. Both take the same places, written `{name}`. */
export type Word = readonly [en: string, ja: string];

/** The texts of one page. */
export type Words = Readonly<Record<string, Word>>;

/** What is put into the places of a text. */
export type Places = Readonly<Record<string, string | number>>;

/** The text of `word` in `language`, its places filled. */
export function say(word: Word, language: Language, places: Places = {}): string {
  const text = language === 'ja' ? word[1] : word[0];
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(places[name] ?? place));
}
