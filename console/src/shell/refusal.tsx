// What the server refused, in its own words.

import Alert from '@cloudscape-design/components/alert';
import { useWords } from '../i18n/language';
import { shellWords } from './words';

interface RefusalProps {
  readonly message: string;
}

export function Refusal({ message }: RefusalProps): React.JSX.Element {
  const t = useWords(shellWords);
  return (
    <Alert type="error" header={t('refused')}>
      {message}
    </Alert>
  );
}
