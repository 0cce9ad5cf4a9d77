// The guides, step by step. A label in a step is the label of the console itself, so that they cannot part.

import { iamWords } from '../iam/words';
import type { Word } from '../i18n/words';
import { preferencesWords } from '../preferences/words';
import { shellWords } from '../shell/words';
import type { guideWords } from './words';

type Text = keyof typeof guideWords;

export interface Guide {
  readonly id: string;
  readonly title: Text;
  readonly intro: Text;
  readonly steps: readonly Text[];
  readonly notes: readonly Text[];
}

export const GUIDES: readonly Guide[] = [
  {
    id: 'run-as',
    title: 'runAs',
    intro: 'runAsIntro',
    steps: ['openSessionManager', 'openPreferences', 'chooseEdit', 'checkRunAs', 'enterUser', 'orTag', 'chooseSave'],
    notes: ['noteFirstTag', 'noteMustExist', 'noteLimits'],
  },
  {
    id: 'preferences',
    title: 'prefs',
    intro: 'prefsIntro',
    steps: [
      'openSessionManager', 'openPreferences', 'chooseEdit', 'enterIdle', 'checkMaximum', 'enterMaximum', 'checkKms',
      'createKey', 'enterProfile', 'chooseSave',
    ],
    notes: ['noteKms', 'notePermission', 'noteVersions'],
  },
  {
    id: 'tags',
    title: 'tags',
    intro: 'tagsIntro',
    steps: ['openUsers', 'chooseOne', 'openTags', 'enterKey', 'enterValue', 'chooseSaveChanges'],
    notes: ['noteSpelling', 'noteSessionTag', 'noteMustExist'],
  },
];

const { sessionManager, users, roles } = shellWords;
const { tags, key, value, saveChanges } = iamWords;
const {
  preferences, edit, save, runAsEnabled, runAsDefaultUser, iamConsole, idleSessionTimeout, limitDuration,
  maxSessionDuration, kms, kmsCreate, create, linuxProfile,
} = preferencesWords;

/** What stands in the places of the steps. */
export const LABELS: Readonly<Record<string, Word>> = {
  sessionManager, users, roles, tags, key, value, saveChanges, preferences, edit, save, runAsEnabled, runAsDefaultUser,
  iamConsole, idleSessionTimeout, limitDuration, maxSessionDuration, kms, kmsCreate, create, linuxProfile,
};
