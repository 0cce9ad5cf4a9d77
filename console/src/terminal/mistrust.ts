// Why a session that is to be secret is not believed. Each ends it.

/** What a person is told, by its name among the terminal's words. */
export type Doubt =
  | 'keyLength' | 'forged' | 'repeated' | 'cut' | 'changedHandshake' | 'notEncrypted' | 'senseless';

export class Mistrust extends Error {
  constructor(readonly doubt: Doubt) {
    super(doubt);
  }
}
