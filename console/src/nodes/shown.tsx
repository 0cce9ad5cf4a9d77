// What a person knows a node by, whether it is there, and whether a filter finds it.

import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { ManagedNode } from '../api/ssm';
import { useWords } from '../i18n/language';
import { plain } from '../shell/plain-text';
import { nodeWords } from './words';

const STATUSES: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  Online: 'success',
  ConnectionLost: 'error',
  Inactive: 'stopped',
};

export function nodeName({ Name, ComputerName, InstanceId }: ManagedNode): string {
  return plain(Name ?? ComputerName ?? InstanceId);
}

export function nodeMatches(node: ManagedNode, filter: string): boolean {
  const texts = [node.InstanceId, node.Name ?? '', node.ComputerName ?? '', node.IPAddress ?? ''];
  return texts.some((text) => text.toLowerCase().includes(filter.toLowerCase()));
}

export function NodeStatus({ node: { PingStatus } }: { readonly node: ManagedNode }): React.JSX.Element {
  const t = useWords(nodeWords);
  const type = STATUSES[PingStatus];
  return type === undefined ? (
    <>{plain(PingStatus)}</>
  ) : (
    <StatusIndicator type={type}>{t(PingStatus as keyof typeof nodeWords)}</StatusIndicator>
  );
}
