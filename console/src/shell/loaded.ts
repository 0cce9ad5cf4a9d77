// Something that is asked of the server: on its way, here, or refused. A newer question makes older answers void.

import { useCallback, useEffect, useRef, useState } from 'react';
import { Refused } from '../api/call';
import { refusalIn } from '../i18n/refusals';

export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'loaded'; readonly value: T }
  | { readonly state: 'refused'; readonly code: string; readonly message: string };

/** In the language of the page. */
export function refusedBy(error: unknown): { state: 'refused'; code: string; message: string } {
  const code = error instanceof Refused ? error.code : 'Unreachable';
  const sentence = error instanceof Error ? error.message : String(error);
  const language = document.documentElement.lang === 'ja' ? 'ja' : 'en';
  return { state: 'refused', code, message: refusalIn(language, code, sentence) };
}

/** Asks once and whenever `ask` changes; `again` asks anew and keeps what is shown until then. */
export function useLoaded<T>(ask: () => Promise<T>): Loaded<T> & { again: () => void } {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  const latest = useRef(0);
  const again = useCallback(() => {
    latest.current += 1;
    const mine = latest.current;
    ask().then(
      (value) => mine === latest.current && setLoaded({ state: 'loaded', value }),
      (error: unknown) => mine === latest.current && setLoaded(refusedBy(error)),
    );
  }, [ask]);
  useEffect(() => {
    again();
    return () => {
      latest.current += 1;
    };
  }, [again]);
  return { ...loaded, again };
}
