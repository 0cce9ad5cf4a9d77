// Editing the preferences: the form, what Save would change, and Save, which is the same call as the command line's.

import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { type FormEvent, useCallback, useState } from 'react';
import { createPreferences, PREFERENCES, updatePreferences } from '../api/ssm';
import { useWords } from '../i18n/language';
import { refusedBy, useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { Encryption } from './encryption';
import { faults, fieldOf } from './faults';
import { Profiles, Times } from './general';
import { contentOf, type Preferences, preferencesOf } from './inputs';
import { CloudWatchLogging, S3Logging } from './logging';
import { Review } from './review';
import { RunAs } from './run-as';
import type { SectionProps } from './section';
import { type Restoring, restoring } from './stored';
import { Warnings } from './warnings';
import { preferencesWords } from './words';

interface EditProps {
  readonly who: string;
}

interface RestoreProps extends EditProps {
  /** The version that the form begins with, where it is not the latest. */
  readonly restore: string | undefined;
}

export default function EditPreferences({ who, restore }: RestoreProps): React.JSX.Element {
  const stored = useLoaded(useCallback(() => restoring(restore), [restore]));
  switch (stored.state) {
    case 'loading':
      return <Spinner size="large" />;
    case 'refused':
      return <Refusal message={stored.message} />;
    case 'loaded':
      return <Editor stored={stored.value} who={who} />;
  }
}

function Editor({ stored, who }: { readonly stored: Restoring } & EditProps): React.JSX.Element {
  const t = useWords(preferencesWords);
  const { restored } = stored;
  const [preferences, setPreferences] = useState<Preferences>(() =>
    restored === undefined ? stored.preferences : preferencesOf(restored.Content),
  );
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const isNew = stored.document === undefined;

  const found = faults(preferences);
  const refused = refusal === undefined ? undefined : fieldOf(refusal);
  const section: SectionProps = {
    preferences,
    change: (changed) => {
      setRefusal(undefined);
      setPreferences({ ...preferences, ...changed });
    },
    fault: (field) => {
      const fault = tried ? found[field] : undefined;
      return fault !== undefined ? t(fault) : refused === field ? refusal : undefined;
    },
  };
  const save = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(found).length > 0) {
      return;
    }
    setBusy(true);
    const saved = t('savedBy', { who, when: new Date().toISOString() });
    const content = contentOf(preferences, (restored ?? stored.document)?.Content, saved);
    (isNew ? createPreferences(content) : updatePreferences(content))
      .then(() => go('session-manager', 'preferences'))
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  };
  const action = isNew ? 'ssm:CreateDocument' : 'ssm:UpdateDocument';

  return (
    <form onSubmit={save}>
      <Form
        header={<Header variant="h1">{t('editPreferences')}</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              variant="link"
              formAction="none"
              onClick={() => go('session-manager', 'preferences')}
            >
              {t('cancel')}
            </Button>
            <PermittedButton
              variant="primary"
              loading={busy}
              needs={[{ action, on: { document: PREFERENCES } }]}
            >
              {t('save')}
            </PermittedButton>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {restored !== undefined && <Alert type="info">{t('restoring', { version: restored.DocumentVersion })}</Alert>}
          <Times {...section} />
          <Encryption {...section} />
          <RunAs {...section} />
          <CloudWatchLogging {...section} />
          <S3Logging {...section} />
          <Profiles {...section} />
          <Review before={stored.preferences} after={preferences} />
          <Warnings preferences={preferences} />
          {refusal !== undefined && refused === undefined && <Refusal message={refusal} />}
        </SpaceBetween>
      </Form>
    </form>
  );
}
