// The OpenWallet Foundation's JavaScript implementation (npm's @sd-jwt/core and @sd-jwt/jwt-status-list), with Node's
// own signatures: one JSON request in, one JSON answer or a refusal out, as peers/wire.py has it (RFC 9901).
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../contracts/package.json", import.meta.url));
const { SDJwtInstance } = require("@sd-jwt/core");
const { StatusList, getListFromStatusListJWT } = require("@sd-jwt/jwt-status-list");

const digest = (key) => (key.asymmetricKeyType === "ec" ? "sha256" : null);
const wrap = (key) => ({ key, dsaEncoding: "ieee-p1363" });

function instance({ publicKey, privateKey, alg }) {
  return new SDJwtInstance({
    hasher: (value, name) => createHash(name.replace("sha-", "sha")).update(value).digest(),
    hashAlg: "sha-256",
    saltGenerator: () => randomBytes(16).toString("base64url"),
    signAlg: alg,
    signer: (text) => sign(digest(privateKey), Buffer.from(text), wrap(privateKey)).toString("base64url"),
    verifier: (text, signature) =>
      verify(digest(publicKey), Buffer.from(text), wrap(publicKey), Buffer.from(signature, "base64url")),
  });
}

// Every member of the elements, every entry of a list with its members, every holder, and the file.
function frame({ elements, holders, file }) {
  const every = (list) => [...list.keys()];
  const lists = Object.entries(elements).filter(([, value]) => Array.isArray(value));
  const inside = lists.map(([name, list]) => {
    const entries = list.map((entry, index) => [index, { _sd: Object.keys(entry) }]);
    return [name, { _sd: every(list), ...Object.fromEntries(entries) }];
  });
  return {
    elements: { _sd: Object.keys(elements), ...Object.fromEntries(inside) },
    holders: { _sd: every(holders) },
    ...(file ? { _sd: ["file"] } : {}),
  };
}

const acts = {
  verify: async ({ text, key, now }) => {
    const reader = instance({ publicKey: createPublicKey(key) });
    return (await reader.verify(text, { currentDate: now })).payload;
  },
  issue: ({ visible, hidden, key, header }) => {
    const issuer = instance({ privateKey: createPrivateKey(key), alg: header.alg });
    return issuer.issue({ ...visible, ...hidden }, frame(hidden), { header });
  },
  issue_plain: ({ claims, disclosable, key, header }) => {
    const issuer = instance({ privateKey: createPrivateKey(key), alg: "ES256" });
    return issuer.issue(claims, { _sd: disclosable }, { header });
  },
  present: ({ text, shown }) => instance({}).present(text, shown),
  read_status: ({ token, index }) => getListFromStatusListJWT(token).getStatus(index),
  read_list: ({ lst, bits, count }) => {
    const list = StatusList.decompressStatusList(lst, bits);
    return [...Array(count).keys()].map((index) => list.getStatus(index));
  },
  write_list: ({ statuses }) => new StatusList(statuses, 2).compressStatusList(),
};

const { act, ...request } = JSON.parse(readFileSync(0, "utf8"));
const work = acts[act];
let answer;
try {
  answer = { answer: await work(request) };
} catch (refusal) {
  // The status list throws plain errors, which Node's own differ from by their code.
  const refuses = ["SDJWTException", "SLException"].includes(refusal.name);
  if (!refuses && (refusal.name !== "Error" || refusal.code)) throw refusal;
  answer = { refused: refusal.name };
}
process.stdout.write(JSON.stringify(answer));
