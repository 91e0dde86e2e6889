// SPDX-License-Identifier: AGPL-3.0-or-later
// A certified OpenID provider with one client and one kind of person: whatever name is typed logs in.
import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "accolades", client_secret: "a secret of the test", redirect_uris: [redirect] }],
  claims: {
    openid: ["sub"],
    profile: ["nickname", "preferred_username", "name"],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  pkce: { required: () => true },
  cookies: { keys: ["a key of the test"] },
  ttl: { AccessToken: 120, IdToken: 120, Session: 600, Interaction: 600, Grant: 600 },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      nickname: id,
      preferred_username: id,
      name: `Name of ${id}`,
      email: `${id}@example.org`,
      email_verified: true,
      groups: ["sysadmin-badges", "others"],
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
