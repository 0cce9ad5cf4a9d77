// An OpenID Connect provider on loopback for one test: the npm package `oidc-provider` as it is, with one client and
// whoever signs in. The claim `login` is what was typed as the login name.
//
// Its one argument is the address that it tells of people who sign out (OpenID Connect Back-Channel Logout).
// It prints its issuer, then obeys one command a line, answers each with `ok`, and ends with its standard input:
//   lie nonce      signs another nonce than it was asked for, from now on
//   lie issuer     describes itself as somebody else
//   lie late       lives two hours ago, so that its tokens have expired
//   truth          does none of that any more
//   revoke         forgets every refresh token
//   logout         signs out everybody who is signed in, and tells so
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';

// The package's own remarks must not stand among the answers.
console.info = console.error;

const HOUR = 60 * 60;
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

let lie = '';
const now = Date.now;
Date.now = () => now() - (lie === 'late' ? 2 * HOUR * 1000 : 0);
const grants = new Set();
const sessions = new Map();

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'usher',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['http://127.0.0.1/callback'],
      backchannel_logout_uri: process.argv[2],
      backchannel_logout_session_required: true,
    },
  ],
  claims: { openid: ['sub', 'login', 'preferred_username'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['for tests'] },
  features: { backchannelLogout: { enabled: true }, deviceFlow: { enabled: true }, revocation: { enabled: true } },
  // The package itself calls no address of this machine.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, login: id, preferred_username: id }),
  }),
  ttl: { IdToken: HOUR, Interaction: 24 * HOUR, Session: 24 * HOUR },
});

provider.on('refresh_token.saved', (token) => grants.add(token.grantId));
provider.on('session.saved', (session) => sessions.set(session.uid, session));
provider.use(async (ctx, next) => {
  if (lie === 'nonce' && ctx.path === '/auth') {
    ctx.query = { ...ctx.query, nonce: 'another' };
  }
  await next();
  if (lie === 'issuer' && ctx.path === '/.well-known/openid-configuration') {
    ctx.body.issuer = 'https://id.example.com';
  }
});
server.on('request', provider.callback());
console.log(issuer);

for await (const line of createInterface({ input: process.stdin })) {
  const [command, what = ''] = line.split(' ');
  if (command === 'revoke') {
    for (const grant of grants) {
      await provider.RefreshToken.revokeByGrantId(grant);
    }
  } else if (command === 'logout') {
    const client = await provider.Client.find('usher');
    for (const session of sessions.values()) {
      if (session.accountId && session.authorizations?.usher) {
        await client.backchannelLogout(session.accountId, session.sidFor('usher'));
        await session.destroy();
      }
    }
  } else {
    lie = command === 'lie' ? what : '';
  }
  console.log('ok');
}
process.exit();
