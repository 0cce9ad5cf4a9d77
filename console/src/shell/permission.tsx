// What the person may not do stays visible, disabled, and says which action is missing.

import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import { useCallback } from 'react';
import { permissions, type Question } from '../api/permissions';
import { useWords } from '../i18n/language';
import type { Words } from '../i18n/words';
import { useLoaded } from './loaded';

const words = {
  missing: ['You are missing the permission {action}.', '{action} の許可がありません。'],
} satisfies Words;

/** The first of the actions that is missing; none while it is not known, because the operation judges again. */
export function useMissing(questions: readonly Question[]): string | undefined {
  const key = JSON.stringify(questions);
  const ask = useCallback(() => permissions(JSON.parse(key) as Question[]), [key]);
  const answers = useLoaded(ask);
  if (answers.state !== 'loaded') {
    return undefined;
  }
  const missing = answers.value.findIndex((allowed) => !allowed);
  return questions[missing]?.action;
}

type PermittedButtonProps = ButtonProps & { readonly needs: readonly Question[] };

/** A button that is disabled with the reason where the person may not do what it does. */
export function PermittedButton({ needs, ...button }: PermittedButtonProps): React.JSX.Element {
  const t = useWords(words);
  const missing = useMissing(needs);
  if (missing === undefined) {
    return <Button {...button} />;
  }
  return <Button {...button} disabled disabledReason={t('missing', { action: missing })} />;
}
