// Session documents as far as starting a session needs them.

import { post } from './call';
import { PREFERENCES } from './ssm';

function ssm<Answer>(operation: string, input: object): Promise<Answer> {
  return post(`api/ssm/${operation}`, JSON.stringify(input));
}

/** The names of the session documents that the person may list, without the account's preferences. */
export async function sessionDocuments(): Promise<string[]> {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const page: { DocumentIdentifiers: readonly { readonly Name: string }[]; NextToken?: string } = await ssm(
      'ListDocuments',
      { Filters: [{ Key: 'DocumentType', Values: ['Session'] }], MaxResults: 50, NextToken: next },
    );
    names.push(...page.DocumentIdentifiers.map(({ Name }) => Name));
    next = page.NextToken;
  } while (next !== undefined);
  return names.filter((name) => name !== PREFERENCES);
}

export interface Parameter {
  readonly name: string;
  readonly description: string;
  /** Undefined where the document has none: a value has to be given. */
  readonly byDefault: string | undefined;
  /** Empty where anything is allowed that fits the pattern. */
  readonly allowedValues: readonly string[];
  readonly allowedPattern: string | undefined;
}

export interface SessionDocument {
  readonly description: string;
  readonly sessionType: string;
  readonly parameters: readonly Parameter[];
}

type Json = { readonly [key: string]: unknown };

function map(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Reads a document's content; what is malformed counts as not there, because the server judges it again. */
export function documentOf(content: string): SessionDocument {
  const document = map(JSON.parse(content));
  const parameters = Object.entries(map(document.parameters)).map(([name, described]) => {
    const { description, default: byDefault, allowedValues, allowedPattern } = map(described);
    return {
      name,
      description: text(description) ?? '',
      byDefault: typeof byDefault === 'number' || typeof byDefault === 'boolean' ? String(byDefault) : text(byDefault),
      allowedValues: (Array.isArray(allowedValues) ? allowedValues : []).map(String),
      allowedPattern: text(allowedPattern),
    };
  });
  return {
    description: text(document.description) ?? '',
    sessionType: text(document.sessionType) ?? '',
    parameters,
  };
}

export async function sessionDocument(name: string): Promise<SessionDocument> {
  const found: { Content: string } = await ssm('GetDocument', { Name: name, DocumentFormat: 'JSON' });
  return documentOf(found.Content);
}
