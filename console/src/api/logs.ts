// The operation of CloudWatch Logs that the console calls. Its members begin in lower case, unlike the other services'.

import { post } from './call';

interface GroupPage {
  readonly logGroups: readonly { readonly logGroupName: string }[];
  readonly nextToken?: string;
}

/** The names of the account's log groups. */
export async function logGroups(): Promise<string[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const body = JSON.stringify({ limit: 50, nextToken });
    const page: GroupPage = await post('api/logs/DescribeLogGroups', body);
    names.push(...page.logGroups.map(({ logGroupName }) => logGroupName));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return names;
}
