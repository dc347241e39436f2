// SPDX-License-Identifier: Apache-2.0
//
// A real OpenID provider for the tests: `oidc-provider` with one key, one resource
// server and a log-in that asks nothing. Prints {"issuer": …} once it listens.
//
//   node issuer.mjs PORT KEY_ID ALGORITHM RESOURCE     (port 0: the system picks)

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import Provider from "oidc-provider";

const [port, kid, alg, resource] = process.argv.slice(2);

const keyKinds = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  ES384: ["ec", { namedCurve: "P-384" }],
  EdDSA: ["ed25519"],
};
const { privateKey } = generateKeyPairSync(...keyKinds[alg]);
const key = { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };

const server = createServer();
await new Promise((done) => server.listen(Number(port), "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  jwks: { keys: [key] },
  clients: [
    {
      client_id: "app",
      token_endpoint_auth_method: "none",
      redirect_uris: ["http://127.0.0.1/callback"],
      application_type: "native",
      id_token_signed_response_alg: alg,
    },
    {
      client_id: "machine",
      client_secret: "machine-secret",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: alg,
    },
  ],
  cookies: { keys: ["for-tests-only"] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "signet",
        audience: resource,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg } },
      }),
    },
  },
  enabledJWA: { idTokenSigningAlgValues: [alg] },
  // The groups of everybody, as a provider would take them from its directory.
  extraTokenClaims: () => ({ groups: ["dns-team"] }),
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});

// Logs in whom `login_hint` names, and consents to all that is asked for.
provider.use(async (context, next) => {
  if (!context.path.startsWith("/interaction/")) return next();
  const { req, res } = context;
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  context.respond = false;
  if (prompt.name === "login") {
    const login = { accountId: params.login_hint };
    return provider.interactionFinished(req, res, { login });
  }
  const grant = new provider.Grant({
    accountId: session.accountId,
    clientId: params.client_id,
  });
  grant.addOIDCScope("openid");
  grant.addResourceScope(resource, "signet");
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(req, res, { consent });
});

server.on("request", provider.callback());
console.log(JSON.stringify({ issuer }));
