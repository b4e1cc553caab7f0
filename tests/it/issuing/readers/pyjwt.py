"""Reads tokens with PyJWT and nothing but the published keys. Question on standard input, answer on standard output."""

import json
import sys

import jwt

ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"]


def main() -> None:
    question = json.load(sys.stdin)
    keys = jwt.PyJWKClient(question["jwks"])
    answer = {}
    for entry in question["tokens"]:
        token = entry["token"]
        if isinstance(token, dict):
            # PyJWT knows the compact form alone.
            token = ".".join(token[part] for part in ("protected", "payload", "signature"))
        try:
            answer[entry["name"]] = jwt.decode(
                token,
                keys.get_signing_key_from_jwt(token),
                algorithms=ALGORITHMS,
                audience=question["audience"],
                issuer=question["issuer"],
                options={"require": ["exp", "iat", "nbf", "jti", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            answer[entry["name"]] = {"error": repr(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
