//! `verify()` makes no heap allocation: not on the way to a yes, and not on the way to any no. Nor
//! does finding the rule that a request meets, nor a `Check` whose answer was given before.
//!
//! Rust's allocations are counted, each thread's own. What AWS-LC does in C stays unseen.

#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

#[path = "../benches/common/court.rs"]
mod court;
#[path = "../benches/common/gate.rs"]
#[allow(dead_code, reason = "shared with the benchmarks, which set more")]
mod gate;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;

use court::{Court, NOW};
use gate::{check_request, gate};
use jotgate::consumers::Consumers;
use jotgate::grpc::check;
use jotgate::matching::{HeaderPattern, Match, MatchIndex};
use jotgate::path::PathScratch;
use jotgate::reason::Reason;
use jotgate::request::RequestView;
use jotgate::signature::Algorithm;
use jotgate::time::UnixMillis;
use jotgate::token::{Scratch, TokenLimits};
use jotgate::verify::{Unobserved, verify};
use serde_json::json;

#[test]
fn accepting_allocates_nothing_whatever_the_algorithm() {
    let court = Court::open(&Algorithm::ALL);
    for key in &court.keys {
        let token = court.token(key, json!({}), json!({}));
        let (outcome, allocations) = judge_warm(&court, &token);
        assert_eq!(outcome, Ok(()), "{:?}", key.algorithm());
        assert_eq!(allocations, 0, "{:?}", key.algorithm());
    }
}

#[test]
fn refusing_allocates_nothing_whatever_the_reason() {
    let court = Court::open(&[Algorithm::Es256, Algorithm::Rs256]);
    let mut seen = BTreeSet::new();
    for (token, reason) in court.refusals() {
        let (outcome, allocations) = judge_warm(&court, &token);
        assert_eq!(outcome, Err(reason), "{token}");
        assert_eq!(allocations, 0, "{}", reason.code());
        seen.insert(reason.code());
    }
    let expected = VERIFY_REASONS.map(Reason::code);
    assert_eq!(seen, expected.into());
}

#[test]
fn finding_a_rule_allocates_nothing_whatever_the_path() {
    let header = |value: &str| HeaderPattern {
        name: "x-env".parse().expect("a name"),
        value: value.as_bytes().into(),
    };
    let of = |host: &str, path: &str, header: HeaderPattern| Match {
        hosts: [host.parse().expect("a host")].into(),
        methods: ["GET".parse().expect("a method")].into(),
        paths: [path.parse().expect("a path")].into(),
        headers: [header].into(),
    };
    let index = MatchIndex::new([
        of("api.example.com", "/orders/{id}", header("test")),
        of("*.example.com", "/orders/**", header("prod")),
    ]);
    let mut scratch = PathScratch::default();
    for (target, expected) in [
        (&b"/orders/1?q"[..], Ok(Some(1))),
        (b"/x/..//%6frders/./1;a=b", Ok(Some(1))),
        (b"/none", Ok(None)),
        (b"/orders;a", Err(Reason::PathAmbiguous)),
        (b"/x//../orders", Err(Reason::PathAmbiguous)),
        (b"/orders/%2f", Err(Reason::PathAmbiguous)),
    ] {
        let request = Asked(target);
        let mut outcome = Ok(None);
        let mut find = || {
            let path = scratch.read(request.0);
            outcome = path.and_then(|path| index.find(&request, path.as_ref()));
        };
        find();
        let allocations = allocations(find);
        let shown = target.escape_ascii();
        assert_eq!((outcome, allocations), (expected, 0), "{shown}");
    }
}

#[test]
fn a_check_allocates_nothing_from_the_bytes_of_the_question_to_those_of_the_answer() {
    let court = Court::open(&[Algorithm::Es256]);
    let key = &court.keys[0];
    let token = |claims| court.token(key, json!({}), claims);
    let questions = [
        token(json!({})),
        String::new(),
        "a.b".to_owned(),
        token(json!({ "iss": "https://stranger/" })),
        court.token(key, json!({ "kid": "nobody" }), json!({})),
        token(json!({ "exp": NOW - 60 })),
        token(json!({ "aud": "billing" })),
    ]
    .map(|token| check_request(&token));
    let (gate, _) = gate(court.issuers, UnixMillis::from_seconds(NOW));
    for question in questions {
        // Verified, kept, kept by this worker, answered from there.
        for _ in 0..4 {
            drop(check::answer(&gate, &question));
        }
        let allocations = allocations(|| drop(check::answer(&gate, &question)));
        let shown = question.escape_ascii();
        assert_eq!(allocations, 0, "{shown}");
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1);
    assert_eq!(allocations(|| drop(Vec::<u8>::new())), 0);
}

/// A request for this target.
struct Asked(&'static [u8]);

impl RequestView<'static> for Asked {
    fn method(&self) -> &'static [u8] {
        b"GET"
    }

    fn host(&self) -> &'static [u8] {
        b"API.example.com:8080"
    }

    fn scheme(&self) -> &'static [u8] {
        b""
    }

    fn target(&self) -> &'static [u8] {
        self.0
    }

    fn for_each_header(&self, visit: &mut dyn FnMut(&'static [u8], &'static [u8])) {
        visit(b"x-env", b"prod");
    }
}

/// Every reason that a token alone can cause.
const VERIFY_REASONS: [Reason; 20] = [
    Reason::TokenMalformed,
    Reason::TokenTooLarge,
    Reason::AlgNotAllowed,
    Reason::CritUnsupported,
    Reason::TypeNotAllowed,
    Reason::IssuerMissing,
    Reason::IssuerUnknown,
    Reason::KeyUnknown,
    Reason::KeyAmbiguous,
    Reason::KeyUnsuitable,
    Reason::SignatureInvalid,
    Reason::TokenExpired,
    Reason::TokenNotYetValid,
    Reason::TokenTooOld,
    Reason::LifetimeTooLong,
    Reason::AudienceMismatch,
    Reason::ClaimMissing,
    Reason::ClaimInvalid,
    Reason::BindingUnsupported,
    Reason::KeysUnavailable,
];

/// What becomes of a token, and how many allocations it takes once the buffers have grown.
fn judge_warm(court: &Court, token: &str) -> (Result<(), Reason>, usize) {
    let limits = TokenLimits::default();
    let consumers = Consumers::default();
    let context = court.context(&consumers, &limits);
    let mut scratch = Scratch::default();
    let mut outcome = Ok(());
    let mut judge = || {
        let verified = verify(token.as_bytes(), &context, &mut scratch, &mut Unobserved);
        outcome = verified.map(|_| ());
    };
    judge();
    let allocations = allocations(judge);
    (outcome, allocations)
}

/// How often this thread asks for memory during `work`.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// The system's allocator, with a count for each thread.
struct Counting;

// SAFETY: every call goes to the system's allocator as it is. The counter neither allocates nor
// has a destructor, so it can be used from here.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}
