// What Save will change, field by field, as it stands now.

import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import { useWords } from '../i18n/language';
import { changes, type Preferences } from './inputs';
import { shown } from './shown';
import { preferencesWords } from './words';

interface ReviewProps {
  readonly before: Preferences;
  readonly after: Preferences;
}

export function Review({ before, after }: ReviewProps): React.JSX.Element {
  const t = useWords(preferencesWords);
  const changed = changes(before, after);
  return (
    <Container header={<Header variant="h2">{t('changes')}</Header>} data-testid="review">
      {changed.length === 0 ? (
        <Box color="text-body-secondary">{t('noChanges')}</Box>
      ) : (
        <Table
          variant="embedded"
          enableKeyboardNavigation
          wrapLines
          trackBy={(field) => field}
          items={changed}
          columnDefinitions={[
            { id: 'setting', header: t('setting'), cell: (field) => t(field), isRowHeader: true },
            { id: 'before', header: t('before'), cell: (field) => shown(field, before, t) },
            { id: 'after', header: t('after'), cell: (field) => shown(field, after, t) },
          ]}
        />
      )}
    </Container>
  );
}
