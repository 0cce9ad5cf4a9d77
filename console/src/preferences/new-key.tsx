// Making a KMS key for sessions, without leaving the preferences: an alias, and the key behind it.

import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { createKey } from '../api/kms';
import { useWords } from '../i18n/language';
import { refusedBy } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { preferencesWords } from './words';

const ALIAS = /^alias\/(?!aws\/)[a-zA-Z0-9:/_-]+$/;

interface NewKeyProps {
  readonly onMade: (alias: string) => void;
}

export function NewKey({ onMade }: NewKeyProps): React.JSX.Element {
  const t = useWords(preferencesWords);
  const [asking, setAsking] = useState(false);
  const [alias, setAlias] = useState('alias/sessions');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const make = (): void => {
    if (!ALIAS.test(alias)) {
      setRefusal(t('keyMalformed'));
      return;
    }
    setBusy(true);
    createKey(alias)
      .then(() => {
        setAsking(false);
        onMade(alias);
      })
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <PermittedButton formAction="none" needs={[{ action: 'kms:CreateKey' }]} onClick={() => setAsking(true)}>
        {t('kmsCreate')}
      </PermittedButton>
      {asking && (
        <Modal
          visible
          header={t('kmsCreate')}
          onDismiss={() => setAsking(false)}
          footer={
            <Box float="right">
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="link" formAction="none" onClick={() => setAsking(false)}>
                  {t('cancel')}
                </Button>
                <Button variant="primary" formAction="none" loading={busy} onClick={make}>
                  {t('create')}
                </Button>
              </SpaceBetween>
            </Box>
          }
        >
          <FormField label={t('alias')} errorText={refusal}>
            <Input
              value={alias}
              spellcheck={false}
              onChange={({ detail }) => {
                setRefusal(undefined);
                setAlias(detail.value);
              }}
            />
          </FormField>
        </Modal>
      )}
    </>
  );
}
