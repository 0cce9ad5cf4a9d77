// What each part of the form gets: the values, a way to change some of them, and what is wrong with one.

import type { Preferences } from './inputs';

export interface SectionProps {
  readonly preferences: Preferences;
  readonly change: (changed: Partial<Preferences>) => void;
  readonly fault: (field: keyof Preferences) => string | undefined;
}
