// One user or role: its tabs.

import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import type { Kind } from '../api/iam';
import { useWords } from '../i18n/language';
import { TagsTab } from './tags-tab';
import { iamWords } from './words';

interface EntityProps {
  readonly kind: Kind;
  readonly name: string;
}

export default function EntityPage({ kind, name }: EntityProps): React.JSX.Element {
  const t = useWords(iamWords);
  return (
    <SpaceBetween size="m">
      <Header variant="h1">{name}</Header>
      <Tabs tabs={[{ id: 'tags', label: t('tags'), content: <TagsTab kind={kind} name={name} /> }]} />
    </SpaceBetween>
  );
}
