// The preferences document as it is stored now, or that there is none.

import { Refused } from '../api/call';
import { preferencesDocument, type StoredDocument } from '../api/ssm';
import { DEFAULTS, type Preferences, preferencesOf } from './inputs';

export interface Stored {
  readonly document: StoredDocument | undefined;
  readonly preferences: Preferences;
}

/** What is stored, and an older version that is to be saved again. */
export interface Restoring extends Stored {
  readonly restored: StoredDocument | undefined;
}

export async function restoring(version: string | undefined): Promise<Restoring> {
  const [stored, restored] = await Promise.all([
    storedPreferences(),
    version === undefined ? undefined : preferencesDocument(version),
  ]);
  return { ...stored, restored };
}

export async function storedPreferences(): Promise<Stored> {
  try {
    const document = await preferencesDocument();
    return { document, preferences: preferencesOf(document.Content) };
  } catch (error) {
    if (error instanceof Refused && error.code === 'InvalidDocument') {
      return { document: undefined, preferences: DEFAULTS };
    }
    throw error;
  }
}
