// The question before something is deleted, and the way back to where it was listed.

import Box from '@cloudscape-design/components/box';
import { useState } from 'react';
import type { Question } from '../api/permissions';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { PermittedButton } from '../shell/permission';
import { iamWords } from './words';

interface DeleteProps {
  readonly name: string;
  readonly needs: readonly Question[];
  readonly what?: string;
  readonly act: () => Promise<unknown>;
  readonly onDeleted: () => void;
}

export function Delete({ name, needs, what, act, onDeleted }: DeleteProps): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <PermittedButton needs={needs} ariaLabel={t('deletePolicy', { name })} onClick={() => setAsking(true)}>
        {t('delete')}
      </PermittedButton>
      {asking && (
        <Ask
          title={t('deleteAsk', { name })}
          action={t('delete')}
          doing={doing}
          onClosed={() => setAsking(false)}
          onAction={() =>
            doing.start(act, () => {
              setAsking(false);
              onDeleted();
            })
          }
        >
          <Box>{what ?? t('deleteWhat')}</Box>
        </Ask>
      )}
    </>
  );
}
