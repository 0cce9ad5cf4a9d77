// The permissions boundary of a user or role.

import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import type { Person } from '../api/iam';
import { managedPolicies, removeBoundary, setBoundary } from '../api/policies';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { to } from '../shell/route';
import { on } from './kinds';
import { iamWords } from './words';

interface BoundaryProps {
  readonly kind: Person;
  readonly name: string;
  readonly arn: string | undefined;
  readonly onChanged: () => void;
}

export function Boundary({ kind, name, arn, onChanged }: BoundaryProps): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [choosing, setChoosing] = useState(false);
  const subject = on(kind, name);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('boundaryHelp')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {arn !== undefined && (
                <PermittedButton
                  loading={doing.busy}
                  needs={[{ action: `iam:Delete${kind}PermissionsBoundary`, on: subject }]}
                  onClick={() => doing.start(() => removeBoundary(kind, name), onChanged)}
                >
                  {t('removeBoundary')}
                </PermittedButton>
              )}
              <PermittedButton
                needs={[{ action: `iam:Put${kind}PermissionsBoundary`, on: subject }]}
                onClick={() => setChoosing(true)}
              >
                {t('setBoundary')}
              </PermittedButton>
            </SpaceBetween>
          }
        >
          {t('boundary')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {arn === undefined ? <Box>{t('noBoundary')}</Box> : <Link href={to('iam', 'policies', arn)}>{arn}</Link>}
        {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      </SpaceBetween>
      {choosing && (
        <Choose
          kind={kind}
          name={name}
          onClosed={() => {
            setChoosing(false);
            onChanged();
          }}
        />
      )}
    </Container>
  );
}

interface ChooseProps {
  readonly kind: Person;
  readonly name: string;
  readonly onClosed: () => void;
}

function Choose({ kind, name, onClosed }: ChooseProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(managedPolicies);
  const doing = useDoing();
  const [arn, setArn] = useState<string>();
  const options = (found.state === 'loaded' ? found.value : []).map(({ Arn, PolicyName }) => ({
    value: Arn,
    label: PolicyName,
  }));
  return (
    <Ask
      title={t('setBoundary')}
      action={t('saveChanges')}
      doing={doing}
      disabled={arn === undefined}
      onAction={() => doing.start(() => setBoundary(kind, name, arn ?? ''), onClosed)}
      onClosed={onClosed}
    >
      {found.state === 'refused' && <Refusal message={found.message} />}
      <FormField label={t('policy')}>
        <Select
          selectedOption={options.find(({ value }) => value === arn) ?? null}
          options={options}
          filteringType="auto"
          placeholder={t('choosePolicy')}
          statusType={found.state === 'loading' ? 'loading' : 'finished'}
          empty={t('noPolicies')}
          onChange={({ detail }) => setArn(detail.selectedOption.value)}
        />
      </FormField>
    </Ask>
  );
}
