// A field's value as a person reads it.

import type { Preferences } from './inputs';
import type { preferencesWords } from './words';

type Say = (key: keyof typeof preferencesWords, places?: Record<string, string | number>) => string;

export function shown(field: keyof Preferences, preferences: Preferences, t: Say): string {
  const value = preferences[field];
  if (field === 'cloudWatchStreamingEnabled') {
    return t(value === true ? 'streaming' : 'upload');
  }
  if (typeof value === 'boolean') {
    return t(value ? 'on' : 'off');
  }
  if (value === '') {
    return t('none');
  }
  const isTime = field === 'idleSessionTimeout' || field === 'maxSessionDuration';
  return isTime ? t('minutes', { count: value }) : value;
}
