// The managed policies: those of the account, and those that come with the service.

import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';
import { createPolicy, isOurs, managedPolicies } from '../api/policies';
import { useWords } from '../i18n/language';
import { Ask } from '../shell/ask';
import { useDoing } from '../shell/doing';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { go, to } from '../shell/route';
import { NEW_POLICY, PolicyText } from './policy-text';
import { iamWords } from './words';

export default function Policies(): React.JSX.Element {
  const t = useWords(iamWords);
  const found = useLoaded(managedPolicies);
  const [filter, setFilter] = useState('');
  const [creating, setCreating] = useState(false);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const all = found.state === 'loaded' ? found.value : [];
  return (
    <>
      <Table
        variant="full-page"
        enableKeyboardNavigation
        loading={found.state === 'loading'}
        items={all.filter(({ PolicyName }) => PolicyName.toLowerCase().includes(filter.toLowerCase()))}
        trackBy="Arn"
        empty={t('noneFound')}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={`(${all.length})`}
            actions={
              <PermittedButton variant="primary" needs={[{ action: 'iam:CreatePolicy' }]} onClick={() => setCreating(true)}>
                {t('createPolicy')}
              </PermittedButton>
            }
          >
            {t('policies')}
          </Header>
        }
        filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
        columnDefinitions={[
          {
            id: 'name',
            header: t('policyName'),
            isRowHeader: true,
            cell: ({ Arn, PolicyName }) => <Link href={to('iam', 'policies', Arn)}>{PolicyName}</Link>,
          },
          { id: 'type', header: t('policyType'), cell: ({ Arn }) => t(isOurs(Arn) ? 'customerManaged' : 'awsManaged') },
          {
            id: 'attachments',
            header: t('attachments'),
            cell: ({ AttachmentCount, PermissionsBoundaryUsageCount }) => AttachmentCount + PermissionsBoundaryUsageCount,
          },
          { id: 'arn', header: t('arn'), cell: ({ Arn }) => Arn },
        ]}
      />
      {creating && <Create onClosed={() => setCreating(false)} />}
    </>
  );
}

function Create({ onClosed }: { readonly onClosed: () => void }): React.JSX.Element {
  const t = useWords(iamWords);
  const doing = useDoing();
  const [name, setName] = useState('');
  const [document, setDocument] = useState(NEW_POLICY);
  return (
    <Ask
      title={t('createPolicy')}
      action={t('create')}
      doing={doing}
      size="large"
      disabled={name === ''}
      onAction={() => doing.start(() => createPolicy(name, document), ({ Arn }) => go('iam', 'policies', Arn))}
      onClosed={onClosed}
    >
      <FormField label={t('policyName')}>
        <Input value={name} spellcheck={false} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <PolicyText text={document} onChange={setDocument} />
    </Ask>
  );
}
