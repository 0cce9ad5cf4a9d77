// The users, the roles or the groups of the account.

import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import { entities, type Kind, nameOf } from '../api/iam';
import { useTimes, useWords } from '../i18n/language';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { Create } from './create';
import { pageOf, SECTIONS } from './kinds';
import { iamWords } from './words';

interface EntitiesProps {
  readonly kind: Kind;
  readonly account: string;
}

export default function Entities({ kind, account }: EntitiesProps): React.JSX.Element {
  const t = useWords(iamWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => entities(kind), [kind]));
  const [filter, setFilter] = useState('');
  const [creating, setCreating] = useState(false);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const { title, create } = SECTIONS[kind];
  const all = found.state === 'loaded' ? found.value : [];
  const items = all.filter((entity) => nameOf(entity).toLowerCase().includes(filter.toLowerCase()));
  return (
    <>
      <Table
        variant="full-page"
        enableKeyboardNavigation
        loading={found.state === 'loading'}
        items={items}
        trackBy="Arn"
        empty={t('noneFound')}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={`(${all.length})`}
            actions={
              <PermittedButton variant="primary" needs={[{ action: `iam:Create${kind}` }]} onClick={() => setCreating(true)}>
                {t(create)}
              </PermittedButton>
            }
          >
            {t(title)}
          </Header>
        }
        filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
        columnDefinitions={[
          {
            id: 'name',
            header: t('name'),
            isRowHeader: true,
            cell: (entity) => <Link href={pageOf(kind, nameOf(entity))}>{nameOf(entity)}</Link>,
          },
          { id: 'arn', header: t('arn'), cell: ({ Arn }) => Arn },
          { id: 'created', header: t('created'), cell: ({ CreateDate }) => moment(Date.parse(CreateDate) / 1000) },
        ]}
      />
      {creating && <Create kind={kind} account={account} onClosed={() => setCreating(false)} />}
    </>
  );
}
