// Run As: the check box, the account's OS user, and who would be left without one.

import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { entities, nameOf, type Person, RUN_AS_TAG, tagsOf } from '../api/iam';
import { useWords } from '../i18n/language';
import { useLoaded } from '../shell/loaded';
import { to } from '../shell/route';
import type { SectionProps } from './section';
import { TextField } from './text-field';
import { preferencesWords } from './words';

/** Names that a sentence holds before it only counts. */
const NAMES = 8;

export function RunAs(props: SectionProps): React.JSX.Element {
  const { preferences, change } = props;
  const t = useWords(preferencesWords);
  const isNobody = preferences.runAsEnabled && preferences.runAsDefaultUser === '';
  return (
    <Container header={<Header variant="h2">{t('runAs')}</Header>}>
      <SpaceBetween size="m">
        <Checkbox
          checked={preferences.runAsEnabled}
          description={t('runAsHelp')}
          onChange={({ detail }) => change({ runAsEnabled: detail.checked })}
        >
          {t('runAsEnabled')}
        </Checkbox>
        {preferences.runAsEnabled && (
          <SpaceBetween size="m">
            <TextField {...props} field="runAsDefaultUser" help="runAsDefaultUserHelp" />
            <Box>
              {t('runAsTag')}{' '}
              <Link external href={to('iam', 'users')} externalIconAriaLabel={t('opensNewTab')}>
                {t('iamConsole')}
              </Link>
            </Box>
          </SpaceBetween>
        )}
        {isNobody && <Untagged />}
      </SpaceBetween>
    </Container>
  );
}

/** Users and roles without the tag. The role of the nodes starts no sessions. */
async function untagged(): Promise<string[]> {
  const of = async (kind: Person): Promise<string[]> => {
    const people = (await entities(kind)).filter(({ Path }) => Path !== '/service-role/');
    const tags = await Promise.all(people.map((entity) => tagsOf(kind, nameOf(entity))));
    return people
      .filter((_, at) => tags[at]?.every(({ Key }) => Key !== RUN_AS_TAG))
      .map(nameOf);
  };
  return (await Promise.all([of('User'), of('Role')])).flat();
}

function Untagged(): React.JSX.Element | null {
  const t = useWords(preferencesWords);
  const found = useLoaded(untagged);
  // Who may not list users and roles is told nothing here: the warning is a service, not a rule.
  if (found.state !== 'loaded' || found.value.length === 0) {
    return null;
  }
  const names = found.value.slice(0, NAMES).join(', ') + (found.value.length > NAMES ? ', …' : '');
  return <Alert type="warning">{t('untagged', { count: found.value.length, names })}</Alert>;
}
