use std::time::{Duration, Instant};

use super::{Condition, Undecided};
use crate::consumers::Consumer;
use crate::limits::CONDITION_BYTES;
use crate::requirement::{Facts, RequestFacts, TokenFacts};
use crate::token::json::{Json, scan_object};

const CLAIMS: &str = r#"{
    "sub": "u1", "level": 3, "half": 3.5, "large": 18446744073709551615, "huge": 1e30,
    "roles": ["admin", "ops"], "email": "a@example.com", "email_verified": true, "none": null,
    "realm_access": {"roles": ["r1", "r2"]}, "https://example.com/tier": "gold",
    "groups": [{"name": "g1", "level": 1}, {"name": "g2", "level": 5}], "esc\u0061ped": "\u0041"
}"#;

fn scanned(json: &str) -> Json<'_> {
    scan_object(json.as_bytes(), 128, |_| ()).expect("valid JSON")
}

/// What a condition comes to, with these claims and one of everything else.
fn evaluate(source: &str, claims: &str) -> Result<bool, Undecided> {
    let consumer = Consumer {
        name: "alice".into(),
        id: Some("7f".into()),
        custom_id: None,
        groups: ["gold".into(), "eu".into()].into(),
        audiences: None,
    };
    let fields: [(&[u8], &[u8]); 4] = [
        (b"X-Env", b"prod"),
        (b"x-env", b"eu"),
        (b"Accept", b"text/html"),
        (b"x-raw", b"\xff"),
    ];
    let each = |visit: &mut dyn FnMut(&[u8], &[u8])| {
        for (name, value) in fields {
            visit(name, value);
        }
    };
    let facts = Facts {
        token: TokenFacts {
            claims: scanned(claims),
            header: scanned(r#"{"alg": "RS256", "kid": "k1"}"#),
            consumer: Some(&consumer),
        },
        request: RequestFacts {
            method: "GET",
            host: "api.example.com",
            path: "/orders/7",
            query: "a=1",
            headers: Some(&each),
        },
    };
    Condition::new(source).expect(source).evaluate(&facts)
}

#[test]
fn conditions_are_what_cel_says_they_are() {
    let (yes, no, broken) = (Ok(true), Ok(false), Err(Undecided));
    for (source, expected) in [
        (r#"claims.level >= 3 && request.method != "DELETE""#, yes),
        ("true", yes),
        ("false || !true", no),
        // Numbers are compared by value, whatever their type.
        ("claims.half >= 3", yes),
        ("claims.half < 4 && claims.half > 3.25", yes),
        ("claims.level == 3.0 && claims.level == 3u", yes),
        ("claims.level in [1, 3.0]", yes),
        ("claims.large > 9223372036854775807", yes),
        ("claims.large == 18446744073709551615u", yes),
        ("claims.huge > claims.large", yes),
        ("claims.level + 1 == 4 && claims.level % 2 == 1", yes),
        // A claim that is missing or null.
        ("has(claims.level) && !has(claims.missing)", yes),
        ("has(claims.none) && claims.none == null", yes),
        (
            "has(claims.realm_access.roles) && !has(claims.realm_access.groups)",
            yes,
        ),
        ("claims.missing == 1", broken),
        ("has(claims.missing.deeper)", broken),
        ("claims.missing == 1 || claims.level == 3", yes),
        ("claims.level == 3 || claims.missing == 1", yes),
        ("claims.missing == 1 && claims.level == 4", no),
        ("claims.missing == 1 && claims.level == 3", broken),
        ("has(claims.missing) ? claims.missing == 1 : true", yes),
        // Other types.
        ("claims.sub >= 3", broken),
        ("claims.sub == 3", no),
        ("claims.sub + 1 == 'u11'", broken),
        ("claims.roles.level == 3", broken),
        ("claims.level", broken),
        ("claims.email_verified", yes),
        ("claims.level / 0 == 1", broken),
        ("claims.large + 1u > 0u", broken),
        ("-claims.level < 0", yes),
        // Lists and maps.
        ("'admin' in claims.roles", yes),
        ("claims.roles[1] == 'ops' && claims.roles.size() == 2", yes),
        ("claims.roles[2] == 'ops'", broken),
        ("claims.roles.exists(r, r.startsWith('adm'))", yes),
        ("claims.roles.all(r, r in ['admin', 'ops', 'dev'])", yes),
        ("claims.roles.exists_one(r, r == 'ops')", yes),
        ("claims.roles.filter(r, r != 'ops') == ['admin']", yes),
        ("claims.roles.map(r, r + '!') == ['admin!', 'ops!']", yes),
        (
            "claims.groups.exists(g, g.name == 'g2' && g.level > 4)",
            yes,
        ),
        ("claims.groups.map(g, g.level > 1, g.name) == ['g2']", yes),
        ("claims.groups.exists(g, g.missing)", broken),
        (
            "claims.groups.all(g, claims.roles.exists(r, r == g.name))",
            no,
        ),
        (
            "[1, 2].map(a, [10, 20].map(b, a * b)) == [[10, 20], [20, 40]]",
            yes,
        ),
        ("claims['https://example.com/tier'] == 'gold'", yes),
        ("claims.escaped == 'A' && claims['escaped'] == 'A'", yes),
        ("'sub' in claims && size(claims) == 13", yes),
        ("claims.all(name, name != 'admin')", yes),
        ("{'u1': 5}[claims.sub] > claims.level", yes),
        ("claims[claims.sub] == 1", broken),
        // Texts.
        (
            "claims.email.endsWith('@example.com') && claims.email.contains('@')",
            yes,
        ),
        ("claims.email.matches('^[a-z]+@example[.]com$')", yes),
        ("claims.email.matches('EXAMPLE')", no),
        ("matches(claims.sub, 'u[0-9]')", yes),
        ("claims.level.matches('3')", broken),
        ("claims.roles.exists(r, r.matches('^o'))", yes),
        ("size('äöü') == 3 && 'a' < 'b'", yes),
        (
            "string(claims.level) == '3' && int('3') == claims.level",
            yes,
        ),
        ("int(claims.sub) == 3", broken),
        (
            "type(claims.level) == int && type(claims.roles) == list",
            yes,
        ),
        // The other variables.
        (
            "header.alg == 'RS256' && header.kid == 'k1' && !has(header.typ)",
            yes,
        ),
        (
            "request.path.startsWith('/orders/') && request.host == 'api.example.com'",
            yes,
        ),
        ("request.query == 'a=1'", yes),
        ("request.headers['x-env'] == 'prod, eu'", yes),
        (
            "request.headers.accept == 'text/html' && !has(request.headers.cookie)",
            yes,
        ),
        ("request.headers['x-other'] == ''", broken),
        (
            "'x-env' in request.headers && size(request.headers) == 3",
            yes,
        ),
        ("request.headers[claims.sub] == ''", broken),
        ("consumer.name == 'alice' && 'gold' in consumer.groups", yes),
        ("consumer.id == '7f' && !has(consumer.custom_id)", yes),
    ] {
        assert_eq!(evaluate(source, CLAIMS), expected, "{source}");
    }
}

#[test]
fn without_a_consumer_or_a_request_nothing_is_there() {
    let facts = Facts {
        token: TokenFacts {
            claims: scanned("{}"),
            header: scanned("{}"),
            consumer: None,
        },
        request: RequestFacts::NONE,
    };
    let evaluate = |source| Condition::new(source).expect(source).evaluate(&facts);
    assert_eq!(evaluate("has(consumer.name)"), Ok(false));
    assert_eq!(evaluate("consumer.name == 'alice'"), Err(Undecided));
    assert_eq!(evaluate("request.method == ''"), Ok(true));
    assert_eq!(evaluate("has(request.headers.accept)"), Ok(false));
}

#[test]
fn what_can_be_seen_to_be_wrong_is_refused_at_load() {
    let deep = format!("{}true{}", "(".repeat(2000), ")".repeat(2000));
    let deep_not = format!("{}true", "!".repeat(3000));
    let deep_minus = format!("{}1 == 1", "-".repeat(3000));
    let chain = format!("1{} > 0", " + 1".repeat(500));
    let path = format!("claims{} == 1", ".a".repeat(1500));
    let index = format!("claims{} == 1", "[0]".repeat(1000));
    let names = format!("claims{} == 1", "['a']".repeat(800));
    let ternary = format!("{}true", "true ? true : ".repeat(200));
    let list = format!("{}1{} == 1", "[".repeat(900), "]".repeat(900));
    let wide = format!("[{}] == []", vec!["1"; 1500].join(","));
    let long = format!("true || '{}' == ''", "x".repeat(CONDITION_BYTES));
    for (source, expected) in [
        ("", "is not CEL: line 1, column 1"),
        ("claims.level >=", "is not CEL: line 1, column 16"),
        ("claims.level => 3", "is not CEL: line 1, column"),
        ("claims.level >= 3 &&\n  )", "is not CEL: line 2, column 3"),
        ("claim.level >= 3", "`claim` is not known"),
        (
            "r.level >= 3 || claims.roles.all(r, true)",
            "`r` is not known",
        ),
        (".claims.level >= 3", "`.claims` is not known"),
        ("claims.level >= level", "`level` is not known"),
        ("request.verb == 'GET'", "`request.verb` is not known"),
        ("request['verb'] == 'GET'", "`request.verb` is not known"),
        ("consumer.level == 1", "`consumer.level` is not known"),
        ("claims.roles.exists(claims, true)", "`claims` is taken"),
        ("claims.roles.exists(int, int == 'a')", "`int` is taken"),
        ("claims.roles.has('admin')", "`has` is no function"),
        ("claims.roles.exists('admin')", "`exists` is no function"),
        (
            "claims.sub.lowerAscii() == 'a'",
            "`lowerAscii` is no function",
        ),
        ("now() > claims.exp", "`now` is no function"),
        ("optional.of(1).hasValue()", "`hasValue` is no function"),
        ("claims.?level == 1", "is not CEL"),
        ("Point{x: 1} == 1", "`Point{…}` is not known"),
        ("claims.level", ""),
        ("claims.level + 1", "is neither true nor false"),
        ("claims", "is neither true nor false"),
        ("'true'", "is neither true nor false"),
        ("claims.roles.map(r, r == 'a')", "is neither true nor false"),
        (
            "claims.a == 1 && size(claims.b)",
            "is neither true nor false",
        ),
        (
            "claims.sub.matches(claims.pattern)",
            "must be written in quotes",
        ),
        ("claims.sub.matches('a' + 'b')", "must be written in quotes"),
        (
            "claims.sub.matches('(')",
            "\"(\" in `matches` is not a regular expression: column 1: unclosed group",
        ),
        (
            r"claims.sub.matches('\\w{999}{999}')",
            "too large once compiled",
        ),
        (&deep, ""),
        (&deep_not, ""),
        (&deep_minus, ""),
        (&chain, "nests deeper"),
        (&path, "nests deeper"),
        (&index, "nests deeper"),
        (&names, "nests deeper"),
        (&ternary, "nests deeper"),
        (&list, "is not CEL"),
        (&wide, "has more than"),
        (&long, "is longer than"),
    ] {
        let shown: String = source.chars().take(80).collect();
        let told = Condition::new(source).map_or_else(|error| error.to_string(), |_| String::new());
        assert!(told.contains(expected), "{shown}: {told}");
        assert_eq!(told.is_empty(), expected.is_empty(), "{shown}: {told}");
        assert!(
            !told.contains('\n') && !told.contains("line 0"),
            "{shown}: {told}"
        );
    }
}

/// Claims of 16 KiB that make a condition work hardest.
fn heavy() -> [String; 4] {
    let list = |element: &str, count| vec![element; count].join(",");
    [
        format!(r#"{{"a": [{}], "s": "x"}}"#, list("1", 8000)),
        format!(r#"{{"a": [{}], "s": "x"}}"#, list(r#""aaaaaaaa""#, 1400)),
        format!(
            r#"{{"a": [{}], "s": "{}"}}"#,
            list("1", 2000),
            "a".repeat(12000)
        ),
        format!(r#"{{"a": [{}], "s": "x"}}"#, list("[[[[[]]]]]", 1400)),
    ]
}

#[test]
fn no_claims_of_16_kib_make_a_condition_take_long() {
    let conditions = [
        "claims.a.all(x, x in claims.a)",
        "claims.a.all(x, claims.a.all(y, x == y))",
        "claims.a.all(x, claims.a.all(y, claims.a.all(z, true)))",
        "claims.a.map(x, claims.a) != []",
        "claims.a.map(x, claims.a.map(y, 1)) != []",
        "claims.a.map(x, claims.a.map(y, claims.a.map(z, 1))) != []",
        "claims.a.all(x, claims.a == claims.a)",
        "claims.a.exists(x, claims.a[0.5] == 1) || false",
        "claims.a.all(x, claims.s.contains('b') == false)",
        "claims.a.all(x, claims.s.matches('(a|aa|aaa)*b') == false)",
        "claims.a.all(x, (claims.s + claims.s + claims.s).size() > 0)",
        "claims.a.filter(x, size(claims.s + 'x') > 0).size() > 0",
        "claims.a.all(x, [claims.a, claims.a, claims.a].size() == 3)",
        "claims.a.all(x, {'a': claims.a}.size() == 1)",
        "claims.a.all(x, string(claims.s) != bytes(claims.s))",
        "[claims.s].map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x)\
         .map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x)\
         .map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x)\
         .map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x)\
         .map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x).map(x, x + x) != []",
        "[claims.a].map(x, [x, x]).map(x, [x, x]).map(x, [x, x]).map(x, [x, x]) != []",
        "claims.a.exists_one(x, claims.a.exists_one(y, x == y))",
        "claims.a.all(x, claims.a < 3 || claims.a + 1 == 3 || 1 + claims.a == 3 || true)",
        "claims.exists(x, claims.exists(y, claims == claims && false))",
    ];
    for claims in heavy() {
        for source in conditions {
            let condition = Condition::new(source).expect(source);
            let facts = Facts {
                token: TokenFacts {
                    claims: scanned(&claims),
                    header: scanned("{}"),
                    consumer: None,
                },
                request: RequestFacts::NONE,
            };
            let start = Instant::now();
            let outcome = condition.evaluate(&facts);
            let took = start.elapsed();
            // Tests are not optimised and share the machine; what is not metered takes minutes.
            assert!(
                took < Duration::from_secs(3),
                "{source}: {took:?} {outcome:?}"
            );
        }
    }
}

#[test]
fn the_deepest_expression_fits_a_small_stack() {
    let mut source = "claims.a".to_owned();
    while Condition::new(&format!("[{source}].exists(x, x == 1)")).is_ok() {
        source = format!("[{source}].exists(x, x == 1)");
    }
    let mut longest = "(claims.a == 1)".to_owned();
    while Condition::new(&format!("(true ? {longest} : false)")).is_ok() {
        longest = format!("(true ? {longest} : false)");
    }
    for source in [source, longest] {
        let run = move || evaluate(&source, r#"{"a": 1}"#);
        let thread = std::thread::Builder::new()
            .stack_size(1024 * 1024)
            .spawn(run);
        assert!(thread.expect("a thread").join().is_ok());
    }
}
