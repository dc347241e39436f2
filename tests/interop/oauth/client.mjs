// SPDX-License-Identifier: Apache-2.0
//
// What a resource server with an OAuth library does: one call of `oauth4webapi`,
// which is strict about what it is answered. Prints what the library made of the
// answer as JSON: {"value": …}, or {"error": …, "status": …, "schemes": […]}.
//
//   node client.mjs SERVER RESOURCE introspect|revoke basic|bearer ID SECRET TOKEN
//   node client.mjs SERVER RESOURCE metadata
//
// The library calls RESOURCE, an https URL; its requests go to SERVER.

import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node.js 18 has it for the asking only.
globalThis.CryptoKey ??= webcrypto.CryptoKey;
const oauth = await import("oauth4webapi");

const [server, resource, call, scheme, id, secret, token] = process.argv.slice(2);

const options = {
  [oauth.customFetch]: (url, init) => fetch(url.replace(resource, server), init),
};
const as = {
  issuer: resource,
  introspection_endpoint: `${resource}/oauth2/introspect`,
  revocation_endpoint: `${resource}/oauth2/revoke`,
};
const client = { client_id: id };
const authenticate =
  scheme === "basic"
    ? oauth.ClientSecretBasic(secret)
    : (_as, _client, _body, headers) => headers.set("authorization", `Bearer ${secret}`);

const calls = {
  async introspect() {
    const response = await oauth.introspectionRequest(as, client, authenticate, token, options);
    return oauth.processIntrospectionResponse(as, client, response);
  },
  async revoke() {
    const response = await oauth.revocationRequest(as, client, authenticate, token, options);
    await oauth.processRevocationResponse(response);
    return "revoked";
  },
  async metadata() {
    const url = new URL(resource);
    const response = await oauth.resourceDiscoveryRequest(url, options);
    return oauth.processResourceDiscoveryResponse(url, response);
  },
};

let told;
try {
  told = { value: await calls[call]() };
} catch (error) {
  if (!(error instanceof oauth.ResponseBodyError || error instanceof oauth.WWWAuthenticateChallengeError)) {
    throw error;
  }
  told = {
    error: error.error,
    status: error.status,
    schemes: Array.isArray(error.cause) ? error.cause.map((challenge) => challenge.scheme) : [],
  };
}
console.log(JSON.stringify(told));
