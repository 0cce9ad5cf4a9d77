// What a user, role or group is allowed by: managed policies, inline policies, and what bounds them.

import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Kind } from '../api/iam';
import { AttachedPolicies } from './attached-policies';
import { Boundary } from './boundary';
import { InlinePolicies } from './inline-policies';

interface PermissionsTabProps {
  readonly kind: Kind;
  readonly name: string;
  readonly boundary: { readonly PermissionsBoundaryArn: string } | undefined;
  readonly onBoundary: () => void;
}

export function PermissionsTab({ kind, name, boundary, onBoundary }: PermissionsTabProps): React.JSX.Element {
  return (
    <SpaceBetween size="l">
      <AttachedPolicies kind={kind} name={name} />
      <InlinePolicies kind={kind} name={name} />
      {kind !== 'Group' && (
        <Boundary kind={kind} name={name} arn={boundary?.PermissionsBoundaryArn} onChanged={onBoundary} />
      )}
    </SpaceBetween>
  );
}
