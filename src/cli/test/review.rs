//! What takes more than one value of a case, or the configuration, to tell.

use http::HeaderName;

use super::expectation::{Expectation, Field};
use super::mirror;
use super::read::{Known, PolicyCase};
use super::words::unknown;
use crate::app::cases::{Case, CaseRequest, CaseToken, MadeBy, MadeToken, Signed};
use crate::config::{At, Problems, quoted};
use crate::reason::Reason;
use crate::time::UnixMillis;

/// From what is written to what is meant. Errors go to `problems`.
pub(super) struct Review<'r, 't> {
    pub(super) known: &'r Known,
    pub(super) problems: &'r mut Problems<'t>,
}

impl Review<'_, '_> {
    pub(super) fn case(&mut self, case: mirror::Case, now: UnixMillis, at: &At<'_>) -> PolicyCase {
        if case.name.is_none() {
            let remedy = "say what the case is about";
            self.problems.missing(at, "name", remedy);
        }
        let reason = case.expect.as_ref().and_then(|expect| expect.reason);
        if let Some(rule) = &case.rule
            && reason.is_none_or(|reason| reason.0 != Reason::RuleUnknown)
        {
            let known = self.known.named_rules.iter().map(|name| &**name);
            self.check("rule", rule, known, &at.key("rule"));
        }
        if case.jwt.is_some() && case.token.is_some() {
            let problem = "stands beside a `token`, and a case has one: remove one of the two";
            self.problems.push(&at.key("jwt"), problem);
        }
        let token = match (case.jwt, case.token) {
            (Some(jwt), _) => CaseToken::Real(jwt.trim().into()),
            (None, Some(token)) => CaseToken::Made(Box::new(self.token(token, &at.key("token")))),
            (None, None) => CaseToken::None,
        };
        let expected = if let Some(expect) = case.expect {
            self.expectation(expect, &at.key("expect"))
        } else {
            let remedy = "write what must come of it, `{ verdict: allow }`, say";
            self.problems.missing(at, "expect", remedy);
            Expectation::default()
        };
        PolicyCase {
            name: case.name.unwrap_or_default(),
            case: Case {
                request: self.request(case.request, &at.key("request")),
                rule: case.rule.map(String::into_boxed_str),
                token,
                at: case.at.map_or(now, |at| at.0),
            },
            expected,
        }
    }

    fn request(&mut self, request: mirror::Request, at: &At<'_>) -> CaseRequest {
        let at = at.key("headers");
        let mut headers = Vec::new();
        for (name, lines) in request.headers {
            self.header_name(&name, &at);
            headers.extend(lines.0.into_iter().map(|line| (name.clone(), line)));
        }
        CaseRequest {
            method: request.method,
            host: request.host,
            scheme: request.scheme,
            path: request.path,
            headers,
        }
    }

    fn token(&mut self, token: mirror::Token, at: &At<'_>) -> MadeToken {
        let by = match (token.issuer, token.consumer) {
            (Some(issuer), None) => {
                self.issuer(&issuer, &at.key("issuer"));
                MadeBy::Issuer(issuer.into())
            }
            (None, Some(consumer)) => {
                let known = self.known.consumers.iter().map(|name| &**name);
                let kind = "consumer with credentials";
                self.check(kind, &consumer, known, &at.key("consumer"));
                MadeBy::Consumer(consumer.into())
            }
            (Some(issuer), Some(_)) => {
                let problem = "stands beside an `issuer`, and one signs: remove one of the two";
                self.problems.push(&at.key("consumer"), problem);
                MadeBy::Issuer(issuer.into())
            }
            (None, None) => {
                let remedy = "write the name of the one that signs, or a `consumer`";
                self.problems.missing(at, "issuer", remedy);
                MadeBy::Issuer(Box::default())
            }
        };
        MadeToken {
            by,
            signed: token.alg.map_or(Signed::Usually, |alg| alg.0),
            header: token.header,
            claims: token.claims,
        }
    }

    fn expectation(&mut self, expect: mirror::Expect, at: &At<'_>) -> Expectation {
        if let Some(rule) = &expect.rule {
            let known = self.known.rules.iter().map(String::as_str);
            self.check("rule", rule, known, &at.key("rule"));
        }
        if let Some(issuer) = &expect.issuer {
            self.issuer(issuer, &at.key("issuer"));
        }
        if let Some(consumer) = &expect.consumer {
            let known = self.known.consumers.iter().chain(&self.known.anonymous);
            let known = known.map(|name| &**name);
            self.check("consumer", consumer, known, &at.key("consumer"));
        }
        let headers_at = at.key("headers");
        let mut headers = Vec::new();
        for (name, fate) in expect.headers {
            let name = self.header_name(&name, &headers_at);
            headers.extend(name.map(|name| (name, fate.0)));
        }
        let texts = [
            (Field::Verdict, expect.verdict.map(|it| it.0.0.to_owned())),
            (
                Field::Reason,
                expect.reason.map(|it| it.0.code().to_owned()),
            ),
            (Field::Rule, expect.rule),
            (Field::Issuer, expect.issuer),
            (Field::Consumer, expect.consumer),
            (Field::Subject, expect.subject),
            (
                Field::Status,
                expect.status.map(|status| status.to_string()),
            ),
            (Field::Body, expect.body),
        ];
        let texts = texts.into_iter();
        let texts: Vec<_> = texts
            .filter_map(|(field, text)| Some((field, text?)))
            .collect();
        if texts.is_empty() && headers.is_empty() {
            let problem = "expects nothing, so that it could not fail: write `verdict: allow`, say";
            self.problems.push(at, problem);
        }
        Expectation { texts, headers }
    }

    fn issuer(&mut self, name: &str, at: &At<'_>) {
        self.check(
            "issuer",
            name,
            self.known.issuers.iter().map(|name| &**name),
            at,
        );
    }

    fn check<'k>(
        &mut self,
        kind: &str,
        name: &str,
        known: impl Iterator<Item = &'k str> + Clone,
        at: &At<'_>,
    ) {
        if !known.clone().any(|known| known == name) {
            let known: Vec<&str> = known.collect();
            self.problems.push(at, unknown(kind, name, &known));
        }
    }

    fn header_name(&mut self, name: &str, at: &At<'_>) -> Option<HeaderName> {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
        if parsed.is_none() {
            let problem = format!("{} is no name of a header: correct it", quoted(name));
            self.problems.push(&at.key(name), problem);
        }
        parsed
    }
}
