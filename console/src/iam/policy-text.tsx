// The text of a policy while it is written: what the server's parser has against it stands below it.

import FormField from '@cloudscape-design/components/form-field';
import Textarea from '@cloudscape-design/components/textarea';
import { useEffect, useState } from 'react';
import { faultOf } from '../api/simulation';
import { useWords } from '../i18n/language';
import { iamWords } from './words';

/** Nobody is corrected in the middle of a word. */
const PAUSE_MS = 500;
const ROWS = 18;

export const NEW_POLICY = JSON.stringify(
  {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'ssm:StartSession', Resource: '*' }],
  },
  null,
  2,
);

interface PolicyTextProps {
  readonly text: string;
  /** Trust policies have rules of their own, which saving checks. */
  readonly isTrust?: boolean;
  readonly readOnly?: boolean;
  readonly label?: string;
  readonly onChange?: (text: string) => void;
}

export function PolicyText({ text, isTrust, readOnly, label, onChange }: PolicyTextProps): React.JSX.Element {
  const t = useWords(iamWords);
  const [fault, setFault] = useState<string>();
  const isChecked = isTrust !== true && readOnly !== true;
  useEffect(() => {
    if (!isChecked) {
      return;
    }
    let stale = false;
    const timer = setTimeout(() => {
      // Who is not let ask is told when saving.
      faultOf(text).then(
        (found) => !stale && setFault(found),
        () => undefined,
      );
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [text, isChecked]);
  return (
    <div className="usher-code">
      <FormField
        stretch
        label={label ?? t('document')}
        constraintText={isChecked ? t('documentHelp') : undefined}
        errorText={fault}
      >
        <Textarea
          value={text}
          rows={ROWS}
          readOnly={readOnly ?? false}
          spellcheck={false}
          disableBrowserAutocorrect
          onChange={({ detail }) => onChange?.(detail.value)}
        />
      </FormField>
    </div>
  );
}
