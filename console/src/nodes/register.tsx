// Registering a node: an activation, shown once, and what to paste on the node.

import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, useState } from 'react';
import type { Identity } from '../api/identity';
import { type Activation, createActivation } from '../api/ssm';
import { useWords } from '../i18n/language';
import { refusedBy } from '../shell/loaded';
import { Pasted } from '../shell/pasted';
import { PermittedButton } from '../shell/permission';
import { Refusal } from '../shell/refusal';
import { go } from '../shell/route';
import { nodeWords } from './words';

interface RegisterProps {
  readonly identity: Identity;
}

export default function RegisterNode({ identity }: RegisterProps): React.JSX.Element {
  const t = useWords(nodeWords);
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const [activation, setActivation] = useState<Activation>();
  if (activation !== undefined) {
    return <Commands activation={activation} identity={identity} />;
  }
  const create = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    createActivation(name)
      .then(setActivation)
      .catch((error: unknown) => setRefusal(refusedBy(error).message))
      .finally(() => setBusy(false));
  };
  return (
    <form onSubmit={create}>
      <Form
        header={<Header variant="h1">{t('register')}</Header>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={() => go('managed-nodes')}>
              {t('cancel')}
            </Button>
            <PermittedButton variant="primary" loading={busy} needs={[{ action: 'ssm:CreateActivation' }]}>
              {t('create')}
            </PermittedButton>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <Container>
            <FormField label={t('nameOptional')} constraintText={t('nameHelp')}>
              <Input value={name} onChange={({ detail }) => setName(detail.value)} />
            </FormField>
          </Container>
          {refusal !== undefined && <Refusal message={refusal} />}
        </SpaceBetween>
      </Form>
    </form>
  );
}

function Commands({ activation, identity }: RegisterProps & { readonly activation: Activation }): React.JSX.Element {
  const t = useWords(nodeWords);
  const config = `endpoint = ${JSON.stringify(identity.endpoint)}\nregion = ${JSON.stringify(identity.region)}\n`;
  const register = `usher-agent register --config /etc/usher/agent.toml --activation-id ${activation.ActivationId} --activation-code-file -`;
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('register')}</Header>
      <Alert type="warning">{t('once')}</Alert>
      <Container>
        <SpaceBetween size="m">
          <Pasted label={t('id')} text={activation.ActivationId} />
          <Pasted label={t('code')} text={activation.ActivationCode} />
          <Pasted label={t('stepConfig')} text={config} />
          <Box variant="small">{t('authority')}</Box>
          <Pasted label={t('stepRegister')} text={register} />
          <Pasted label={t('stepRun')} text="usher-agent run --config /etc/usher/agent.toml" />
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
