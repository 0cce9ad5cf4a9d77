// What policies would decide, asked of the evaluator that decides, and what its parser says of a text.

import { Refused } from './call';
import { all, iam, type Page } from './iam-calls';

export interface Evaluation {
  readonly EvalActionName: string;
  readonly EvalResourceName: string;
  readonly EvalDecision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  readonly MatchedStatements?: readonly { readonly SourcePolicyId: string }[];
  readonly MissingContextValues?: readonly string[];
  readonly PermissionsBoundaryDecisionDetail?: { readonly AllowedByPermissionsBoundary: boolean };
}

/** Every action on every resource, as the user, role or group of that ARN. */
export function simulate(
  arn: string,
  actions: readonly string[],
  resources: readonly string[],
): Promise<Evaluation[]> {
  return all<Page & { EvaluationResults?: Evaluation[] }, Evaluation>(
    'SimulatePrincipalPolicy',
    { PolicySourceArn: arn, ActionNames: actions, ResourceArns: resources },
    (page) => page.EvaluationResults,
  );
}

/** What the server's parser has against the text of a policy; nothing where it has nothing or may not be asked. */
export async function faultOf(document: string): Promise<string | undefined> {
  try {
    await iam('SimulateCustomPolicy', { PolicyInputList: [document], ActionNames: ['ssm:StartSession'] });
    return undefined;
  } catch (error) {
    const isFault = error instanceof Refused && error.code === 'InvalidInput';
    return isFault ? error.message.replace(/^PolicyInputList\.1: /, '') : undefined;
  }
}
