// One thing at a time that is asked of the server by a button: whether it is on its way, and what was refused of it.

import { useCallback, useState } from 'react';
import { refusedBy } from './loaded';

export interface Doing {
  readonly busy: boolean;
  readonly refusal: string | undefined;
  /** Does it, and then, if it was not refused, what follows. */
  readonly start: <T>(act: () => Promise<T>, then?: (done: T) => void) => void;
  readonly forget: () => void;
}

export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const start = useCallback(<T,>(act: () => Promise<T>, then?: (done: T) => void): void => {
    setBusy(true);
    setRefusal(undefined);
    act()
      .then((done) => then?.(done))
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  }, []);
  const forget = useCallback(() => setRefusal(undefined), []);
  return { busy, refusal, start, forget };
}
