// A text to be carried elsewhere as it stands, with a button that copies it.

import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useWords } from '../i18n/language';
import { shellWords } from './words';

interface PastedProps {
  readonly label: string;
  readonly text: string;
}

export function Pasted({ label, text }: PastedProps): React.JSX.Element {
  const t = useWords(shellWords);
  return (
    <div>
      <Box variant="awsui-key-label">{label}</Box>
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        <Box variant="code">
          <span style={{ whiteSpace: 'pre-wrap' }}>{text}</span>
        </Box>
        <CopyToClipboard
          variant="icon"
          textToCopy={text}
          copyButtonAriaLabel={`${t('copy')}: ${label}`}
          copySuccessText={t('copied')}
          copyErrorText={t('copyFailed')}
        />
      </SpaceBetween>
    </div>
  );
}
