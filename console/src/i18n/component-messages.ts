// What the components say by themselves, in our two languages and no others: the rest would be carried for nobody.

import type { I18nProviderProps } from '@cloudscape-design/components/i18n';
import type { Language } from './words';

export type Messages = readonly I18nProviderProps.Messages[];

export async function componentMessages(language: Language): Promise<Messages> {
  const loaded =
    language === 'ja'
      ? await import('@cloudscape-design/components/i18n/messages/all.ja')
      : await import('@cloudscape-design/components/i18n/messages/all.en');
  return [loaded.default];
}
