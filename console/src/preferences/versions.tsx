// Every version of the preferences that was saved, and the way back to one: the form opens with it and shows the changes.

import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import { PREFERENCES, preferencesVersions } from '../api/ssm';
import { useTimes, useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { useMissing } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { to } from '../shell/route';
import { preferencesWords } from './words';

export function Versions(): React.JSX.Element {
  const t = useWords(preferencesWords);
  const { moment } = useTimes();
  const found = useLoaded(preferencesVersions);
  const missing = useMissing([{ action: 'ssm:UpdateDocument', on: { document: PREFERENCES } }]);
  if (found.state === 'refused') {
    return <Refusal message={found.message} />;
  }
  const versions = found.state === 'loaded' ? found.value : [];
  return (
    <Table
      variant="container"
      enableKeyboardNavigation
      trackBy="DocumentVersion"
      loading={found.state === 'loading'}
      items={versions}
      header={<Header variant="h3">{t('versionHistory')}</Header>}
      columnDefinitions={[
        { id: 'version', header: t('versionNumber'), isRowHeader: true, cell: ({ DocumentVersion }) => DocumentVersion },
        { id: 'when', header: t('savedAt'), cell: ({ CreatedDate }) => moment(CreatedDate) },
        {
          id: 'restore',
          header: t('actions'),
          cell: ({ DocumentVersion: version }) =>
            version === versions[0]?.DocumentVersion ? (
              t('inForce')
            ) : (
              <Button
                variant="inline-link"
                ariaLabel={t('restoreVersion', { version })}
                disabled={missing !== undefined}
                href={`${to('session-manager', 'preferences', 'edit')}?version=${encodeURIComponent(version)}`}
              >
                {t('restore')}
              </Button>
            ),
        },
      ]}
    />
  );
}
