// The users or the roles of the account.

import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import { useCallback, useState } from 'react';
import { entities, type Kind, nameOf } from '../api/iam';
import { useTimes, useWords } from '../i18n/language';
import { Filter } from '../shell/filter';
import { useLoaded } from '../shell/loaded';
import { Refusal } from '../shell/refusal';
import { to } from '../shell/route';
import { iamWords } from './words';

interface EntitiesProps {
  readonly kind: Kind;
}

export default function Entities({ kind }: EntitiesProps): React.JSX.Element {
  const t = useWords(iamWords);
  const { moment } = useTimes();
  const found = useLoaded(useCallback(() => entities(kind), [kind]));
  const [filter, setFilter] = useState('');
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const title = t(kind === 'User' ? 'users' : 'roles');
  const all = found.state === 'loaded' ? found.value : [];
  const items = all.filter((entity) => nameOf(entity).toLowerCase().includes(filter.toLowerCase()));
  return (
    <Table
      variant="full-page"
      enableKeyboardNavigation
      loading={found.state === 'loading'}
      items={items}
      trackBy="Arn"
      empty={t('noneFound')}
      header={
        <Header variant="awsui-h1-sticky" counter={`(${all.length})`}>
          {title}
        </Header>
      }
      filter={<Filter text={filter} label={t('find')} onChange={setFilter} />}
      columnDefinitions={[
        {
          id: 'name',
          header: t('name'),
          isRowHeader: true,
          cell: (entity) => (
            <Link href={to('iam', kind === 'User' ? 'users' : 'roles', nameOf(entity))}>{nameOf(entity)}</Link>
          ),
        },
        { id: 'arn', header: t('arn'), cell: ({ Arn }) => Arn },
        { id: 'created', header: t('created'), cell: ({ CreateDate }) => moment(Date.parse(CreateDate) / 1000) },
      ]}
    />
  );
}
