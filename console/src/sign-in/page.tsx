// Signing in: by a single-use link, which the address of the page carries, or by an access key.

import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { nonce, signInByLink, signInByProof } from '../api/identity';
import { useWords } from '../i18n/language';
import { refusedBy } from '../shell/loaded';
import { usePlace } from '../shell/route';
import { type AccessKey, prove } from './proof';
import { signInWords } from './words';

interface SignInProps {
  readonly onSignedIn: () => void;
}

const NO_KEY: AccessKey = { id: '', secret: '', sessionToken: '' };

export function SignIn({ onSignedIn }: SignInProps): React.JSX.Element {
  const t = useWords(signInWords);
  const link = usePlace().query.get('link');
  const [key, setKey] = useState(NO_KEY);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const posted = useRef<string>(undefined);

  const attempt = (signIn: () => Promise<void>): void => {
    setBusy(true);
    setRefusal(undefined);
    signIn()
      .then(() => {
        setKey(NO_KEY);
        onSignedIn();
      })
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  };

  useEffect(() => {
    // A link works once: a page that is drawn twice must not spend it twice.
    if (link === null || posted.current === link) {
      return;
    }
    posted.current = link;
    window.history.replaceState(null, '', '#/session-manager');
    attempt(() => signInByLink(link));
  });

  const byKey = async (): Promise<void> => {
    const given = await nonce();
    const occasion = { ...given, host: window.location.host, now: new Date() };
    await signInByProof(await prove(key, occasion));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    attempt(byKey);
  };
  const field = (name: keyof AccessKey, type: 'text' | 'password'): React.JSX.Element => (
    <FormField label={t(name)} description={name === 'sessionToken' ? t('sessionTokenHint') : undefined}>
      <Input
        value={key[name]}
        type={type}
        autoComplete={false}
        onChange={({ detail }) => setKey({ ...key, [name]: detail.value.trim() })}
      />
    </FormField>
  );

  return (
    <Box margin={{ vertical: 'xxl' }} padding={{ horizontal: 'l' }}>
      <div style={{ maxInlineSize: '32rem', marginInline: 'auto' }}>
        <main>
          <form onSubmit={submit}>
            <Form
              header={<Header variant="h1">{t('title')}</Header>}
              actions={
                <Button variant="primary" formAction="submit" loading={busy}>
                  {t('signIn')}
                </Button>
              }
            >
              <Container header={<Header variant="h2">{t('byKey')}</Header>}>
                <SpaceBetween size="l">
                  {refusal !== undefined && <Alert type="error">{refusal}</Alert>}
                  {field('id', 'text')}
                  {field('secret', 'password')}
                  {field('sessionToken', 'password')}
                  <Box variant="small">{t('secretStays')}</Box>
                  <Box variant="small">{t('byLink')}</Box>
                </SpaceBetween>
              </Container>
            </Form>
          </form>
        </main>
      </div>
    </Box>
  );
}
