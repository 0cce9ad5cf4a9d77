// The managed policies of a user, role or group: attach some, detach one.

import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Multiselect from '@cloudscape-design/components/multiselect';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import type { Kind } from '../api/iam';
import { attach, attached, detach, isOurs, managedPolicies } from '../api/policies';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { to } from '../shell/route';
import { on } from './kinds';
import { iamWords } from './words';

interface AttachedProps {
  readonly kind: Kind;
  readonly name: string;
}

export function AttachedPolicies({ kind, name }: AttachedProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(useCallback(() => attached(kind, name), [kind, name]));
  const doing = useDoing();
  const [attaching, setAttaching] = useState(false);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const policies = found.state === 'loaded' ? found.value : [];
  return (
    <>
      {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      <Table
        variant="container"
        enableKeyboardNavigation
        trackBy="PolicyArn"
        loading={found.state === 'loading'}
        items={policies}
        empty={t('noPolicies')}
        header={
          <Header
            variant="h2"
            counter={`(${policies.length})`}
            actions={
              <PermittedButton needs={[{ action: `iam:Attach${kind}Policy`, on: on(kind, name) }]} onClick={() => setAttaching(true)}>
                {t('attachPolicies')}
              </PermittedButton>
            }
          >
            {t('managedPolicies')}
          </Header>
        }
        columnDefinitions={[
          {
            id: 'name',
            header: t('policyName'),
            isRowHeader: true,
            cell: ({ PolicyName, PolicyArn }) => <Link href={to('iam', 'policies', PolicyArn)}>{PolicyName}</Link>,
          },
          { id: 'type', header: t('policyType'), cell: ({ PolicyArn }) => t(isOurs(PolicyArn) ? 'customerManaged' : 'awsManaged') },
          {
            id: 'actions',
            header: t('actions'),
            cell: ({ PolicyName, PolicyArn }) => (
              <Button
                variant="inline-link"
                ariaLabel={t('detachPolicy', { name: PolicyName })}
                onClick={() => doing.start(() => detach(kind, name, PolicyArn), found.again)}
              >
                {t('detach')}
              </Button>
            ),
          },
        ]}
      />
      {attaching && (
        <Attach
          kind={kind}
          name={name}
          held={policies.map(({ PolicyArn }) => PolicyArn)}
          onClosed={() => {
            setAttaching(false);
            found.again();
          }}
        />
      )}
    </>
  );
}

interface AttachProps extends AttachedProps {
  readonly held: readonly string[];
  readonly onClosed: () => void;
}

function Attach({ kind, name, held, onClosed }: AttachProps): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(managedPolicies);
  const doing = useDoing();
  const [arns, setArns] = useState<readonly string[]>([]);
  const options = (found.state === 'loaded' ? found.value : [])
    .filter(({ Arn }) => !held.includes(Arn))
    .map(({ Arn, PolicyName }) => ({
      value: Arn,
      label: PolicyName,
      description: t(isOurs(Arn) ? 'customerManaged' : 'awsManaged'),
    }));
  const attachAll = async (): Promise<void> => {
    for (const arn of arns) {
      await attach(kind, name, arn);
    }
  };
  return (
    <Ask
      title={t('attachPolicies')}
      action={t('attach')}
      doing={doing}
      disabled={arns.length === 0}
      onAction={() => doing.start(attachAll, onClosed)}
      onClosed={onClosed}
    >
      {found.state === 'refused' && <Refusal message={found.message} />}
      <FormField label={t('policies')}>
        <Multiselect
          selectedOptions={options.filter(({ value }) => arns.includes(value))}
          options={options}
          filteringType="auto"
          placeholder={t('choosePolicies')}
          statusType={found.state === 'loading' ? 'loading' : 'finished'}
          empty={t('noPolicies')}
          onChange={({ detail }) => setArns(detail.selectedOptions.map(({ value }) => value ?? ''))}
        />
      </FormField>
    </Ask>
  );
}
