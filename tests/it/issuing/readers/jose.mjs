// Reads tokens with jose and nothing but the published keys. Question on standard input, answer on standard output.
// The library's place is the first argument.
import { text } from 'node:stream/consumers';

const jose = await import(process.argv[2]);
const question = JSON.parse(await text(process.stdin));
const keys = jose.createRemoteJWKSet(new URL(question.jwks));
const expected = {
  issuer: question.issuer,
  audience: question.audience,
  requiredClaims: ['exp', 'iat', 'nbf', 'jti'],
};

async function read(token) {
  if (typeof token === 'string') {
    return (await jose.jwtVerify(token, keys, expected)).payload;
  }
  // The JSON serialization has a function of its own, which leaves the claims to the caller.
  const { payload } = await jose.flattenedVerify(token, keys);
  const compact = [token.protected, token.payload, token.signature].join('.');
  await jose.jwtVerify(compact, keys, expected);
  return JSON.parse(new TextDecoder().decode(payload));
}

const answer = {};
for (const { name, token } of question.tokens) {
  try {
    answer[name] = await read(token);
  } catch (error) {
    answer[name] = { error: String(error) };
  }
}
process.stdout.write(JSON.stringify(answer));
