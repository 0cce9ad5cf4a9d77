// One request to the server, and what its refusals look like here. Every address is ours and under /console/.

/** A request that the server refused, in the server's words. */
export class Refused extends Error {
  constructor(
    /** The server's name for it, such as `AccessDeniedException`. */
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Told when the server no longer knows who we are. */
let onSignedOut: () => void = () => undefined;

export function whenSignedOut(told: () => void): void {
  onSignedOut = told;
}

interface Told {
  readonly __type?: unknown;
  readonly message?: unknown;
}

async function refusal(response: Response): Promise<Refused> {
  const told = (await response.json().catch(() => ({}))) as Told;
  const code = typeof told.__type === 'string' ? told.__type : String(response.status);
  const message = typeof told.message === 'string' ? told.message : response.statusText;
  return new Refused(code, message, response.status);
}

/** Posts `body` to `/console/{path}`; nothing is answered by 204. */
export async function post<Answer>(
  path: string,
  body: string,
  contentType = 'application/json',
): Promise<Answer> {
  const response = await fetch(`/console/${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType },
    credentials: 'same-origin',
    redirect: 'error',
  });
  if (!response.ok) {
    const refused = await refusal(response);
    if (refused.code === 'NotSignedIn') {
      onSignedOut();
    }
    throw refused;
  }
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
