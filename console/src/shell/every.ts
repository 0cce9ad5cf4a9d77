// Keeps a page true without reloading it: asks again at intervals, while somebody can see the page.

import { useEffect } from 'react';

export function useEvery(milliseconds: number, again: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') {
        again();
      }
    }, milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, again]);
}
