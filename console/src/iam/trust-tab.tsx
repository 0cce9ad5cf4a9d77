// Whom a role trusts.

import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { type Entity, nameOf, updateTrust } from '../api/iam';
import { decodedDocument } from '../api/policies';
import { useWords } from '../i18n/language';
import { useDoing } from '../shell/doing';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { PolicyText } from './policy-text';
import { iamWords } from './words';

interface TrustTabProps {
  readonly role: Entity;
  readonly onSaved: () => void;
}

export function TrustTab({ role, onSaved }: TrustTabProps): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [text, setText] = useState(() => decodedDocument(role.AssumeRolePolicyDocument ?? ''));
  const [saved, setSaved] = useState(false);
  const name = nameOf(role);
  const save = (): void =>
    doing.start(
      () => updateTrust(name, text),
      () => {
        setSaved(true);
        onSaved();
      },
    );
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('trustHelp')}
          actions={
            <PermittedButton
              variant="primary"
              loading={doing.busy}
              needs={[{ action: 'iam:UpdateAssumeRolePolicy', on: { role: name } }]}
              onClick={save}
            >
              {t('saveChanges')}
            </PermittedButton>
          }
        >
          {t('trust')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <PolicyText
          text={text}
          isTrust
          onChange={(changed) => {
            setSaved(false);
            doing.forget();
            setText(changed);
          }}
        />
        {saved && <StatusIndicator>{t('trustSaved')}</StatusIndicator>}
        {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      </SpaceBetween>
    </Container>
  );
}
