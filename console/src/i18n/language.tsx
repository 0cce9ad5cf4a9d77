// Which language the page speaks: the person's choice, else the browser's first that we know.

import { createContext, useCallback, useContext, useMemo } from 'react';
import { LANGUAGES, type Language, type Places, say, type Words } from './words';

const KEPT_AS = 'usher-language';

/** The language to begin with. */
export function initialLanguage(kept: string | null, asked: readonly string[]): Language {
  const known = (text: string | null | undefined): Language | undefined =>
    LANGUAGES.find((language) => text?.toLowerCase().split('-')[0] === language);
  return known(kept) ?? asked.map(known).find((language) => language !== undefined) ?? 'en';
}

export function rememberedLanguage(): Language {
  return initialLanguage(localStorage.getItem(KEPT_AS), navigator.languages);
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(KEPT_AS, language);
}

export const LanguageContext = createContext<Language>('en');

export function useLanguage(): Language {
  return useContext(LanguageContext);
}

/** Says the texts of `words` in the page's language. */
export function useWords<W extends Words>(words: W): (key: keyof W, places?: Places) => string {
  const language = useLanguage();
  return useCallback(
    (key: keyof W, places?: Places) => {
      const word = words[key];
      return word === undefined ? String(key) : say(word, language, places);
    },
    [words, language],
  );
}

/** Times and durations as the language writes them. */
export function useTimes(): { moment: (seconds: number | undefined) => string } {
  const language = useLanguage();
  return useMemo(() => {
    const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
    return {
      moment: (seconds) => (seconds === undefined ? '–' : format.format(new Date(seconds * 1000))),
    };
  }, [language]);
}
