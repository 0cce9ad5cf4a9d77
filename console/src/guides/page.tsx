// A guide, or the list of them.

import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useLanguage, useWords } from '../i18n/language';
import { say } from '../i18n/words';
import { to } from '../shell/route';
import { type Guide, GUIDES, LABELS } from './guides';
import { guideWords } from './words';

export default function GuidePage({ id }: { readonly id: string | undefined }): React.JSX.Element {
  const guide = GUIDES.find((one) => one.id === id);
  return guide === undefined ? <All /> : <One guide={guide} />;
}

function All(): React.JSX.Element {
  const t = useWords(guideWords);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('guides')}</Header>
      {GUIDES.map(({ id, title, intro }) => (
        <Container
          key={id}
          header={
            <Header variant="h2">
              <Link href={to('guides', id)} fontSize="heading-m">
                {t(title)}
              </Link>
            </Header>
          }
        >
          {t(intro)}
        </Container>
      ))}
    </SpaceBetween>
  );
}

function One({ guide }: { readonly guide: Guide }): React.JSX.Element {
  const t = useWords(guideWords);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t(guide.title)}</Header>
      <Box>{t(guide.intro)}</Box>
      <Container header={<Header variant="h2">{t('steps')}</Header>}>
        <ol data-testid="steps">
          {guide.steps.map((step) => (
            <li key={step}>
              <Box padding={{ vertical: 'xxs' }}>
                <Labelled text={t(step)} />
              </Box>
            </li>
          ))}
        </ol>
      </Container>
      <Container header={<Header variant="h2">{t('notes')}</Header>}>
        <ul>
          {guide.notes.map((note) => (
            <li key={note}>
              <Box padding={{ vertical: 'xxs' }}>{t(note)}</Box>
            </li>
          ))}
        </ul>
      </Container>
    </SpaceBetween>
  );
}

/** A text whose places are filled by the console's labels, in bold. */
function Labelled({ text }: { readonly text: string }): React.JSX.Element {
  const language = useLanguage();
  const label = (name: string): string => {
    const word = LABELS[name];
    return word === undefined ? name : say(word, language);
  };
  return (
    <>
      {text.split(/\{(\w+)\}/).map((part, at) => (at % 2 === 1 ? <strong key={part}>{label(part)}</strong> : part))}
    </>
  );
}
