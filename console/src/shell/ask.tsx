// A question over the page: what is about to happen, Cancel, and the one button that does it.

import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal, { type ModalProps } from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/language';
import type { Doing } from './doing';
import { Refusal } from './refusal';
import { shellWords } from './words';

interface AskProps {
  readonly title: string;
  readonly action: string;
  readonly doing: Doing;
  readonly size?: ModalProps.Size;
  readonly disabled?: boolean;
  readonly onAction: () => void;
  readonly onClosed: () => void;
  readonly children: ReactNode;
}

export function Ask({ title, action, doing, size, disabled, onAction, onClosed, children }: AskProps): React.JSX.Element {
  const t = useWords(shellWords);
  return (
    <Modal
      visible
      size={size ?? 'medium'}
      header={title}
      onDismiss={onClosed}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onClosed}>
              {t('cancel')}
            </Button>
            <Button
              variant="primary"
              formAction="none"
              loading={doing.busy}
              disabled={disabled ?? false}
              onClick={onAction}
            >
              {action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {children}
        {doing.refusal !== undefined && <Refusal message={doing.refusal} />}
      </SpaceBetween>
    </Modal>
  );
}
