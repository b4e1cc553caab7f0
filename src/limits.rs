//! Every bound in one place. What users can set stands in `limits`, `cache` and `refresh` of the
//! configuration and has its default here; the rest is fixed, with its reason.

use std::time::Duration;

/// Default of `limits.token_bytes`. Gateways refuse longer headers themselves.
pub const TOKEN_BYTES: usize = 16 * 1024;
/// Ceiling of `limits.token_bytes`: scratch buffers are this large at worst.
pub const TOKEN_BYTES_MAX: usize = 1024 * 1024;
/// Default of `limits.claims_depth`: objects and arrays within each other in header and claims.
pub const CLAIMS_DEPTH: usize = 16;
/// Ceiling of `limits.claims_depth`: the scanner recurses this deep at worst.
pub const CLAIMS_DEPTH_MAX: usize = 128;
/// Members of one JSON object at the top level of header or claims. Duplicate names are found by
/// comparing each name with all before it, which stays cheap up to here.
pub const TOP_LEVEL_MEMBERS: usize = 256;
/// Bytes of `kid` in a token or a key. It is a name, not a document (RFC 8725 3.10).
pub const KEY_ID_BYTES: usize = 1024;
/// Longest signature: RSA 8192.
pub const SIGNATURE_BYTES: usize = 1024;
/// Keys of one kid and algorithm that are tried for one token.
pub const KEYS_PER_ID: usize = 4;
/// Missing keys that requests can leave a note of, for each issuer, until the refresher looks.
pub const KEY_MISSES_NOTED: usize = 128;
/// Missing keys that the refresher remembers for each issuer, in a few kilobytes. Clients choose
/// what is missing; a flood of ids pushes others out, which costs them no more than a fetch.
pub const KEY_MISSES_KNOWN: usize = 256;
/// Keys of one source; more is a mistake or an attack.
pub const KEYS_PER_SET: usize = 256;
/// Smallest RSA modulus (RFC 7518 3.3) and the largest that verifies in bounded time.
pub const RSA_BITS_MIN: usize = 2048;
/// See [`RSA_BITS_MIN`].
pub const RSA_BITS_MAX: usize = 8192;
/// Default of `limits.concurrent_requests`.
pub const CONCURRENT_REQUESTS: usize = 10_000;
/// Default of `limits.header_bytes`: one request's headers on our listeners.
pub const HEADER_BYTES: usize = 64 * 1024;
/// Requests in one `VerifyBatch`.
pub const BATCH_REQUESTS: usize = 1024;
/// Bytes of one gRPC message and of one HTTP body on our listeners.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of all messages together that have come in part: some dozen of the largest. What comes
/// whole, as nearly everything does, is not counted.
pub const BODIES_BYTES: usize = 64 * 1024 * 1024;
/// Streams that one HTTP/2 connection may have open.
pub const STREAMS_PER_CONNECTION: u32 = 1024;
/// `VerifyStream` calls that there are at a time: each holds some 16 KiB for as long as it likes.
pub const VERIFY_STREAMS: usize = 2048;
/// Bytes that may be under way on one HTTP/2 stream before we have read them.
pub const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes that may be under way on one HTTP/2 connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;
/// Bytes that one system call reads from a busy gRPC connection: what some thirty requests of a
/// gateway take.
pub const READ_AHEAD_BYTES: usize = 64 * 1024;
/// What is still being written or read when everything else has ended gets this long.
pub const BLOCKED_END: Duration = Duration::from_secs(1);
/// Default of `limits.connections`: those that one listener has at one time.
pub const CONNECTIONS: usize = 16 * 1024;
/// From accepting a connection to its first request line or its HTTP/2 preface, TLS included:
/// long for a slow network, short for somebody who only wants to hold it.
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(10);
/// From the head of a request to the head of its answer. Answers are there at once; what may take
/// long is the body of the request, and hashing for the token endpoint.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// TLS handshakes that one worker computes for a listener before it looks at its other
/// connections again: a few milliseconds.
pub const HANDSHAKES_AT_ONCE: usize = 8;
/// How long what we sent may wait for its receiver (TCP): then the connection is given up.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection that we end waits for the other side to end it, too. What is on its way
/// meanwhile is read and dropped: closing over it would have the system send a reset, which can
/// overtake our last answers (RFC 9112 9.6).
pub const LINGER: Duration = Duration::from_secs(1);
/// How long an HTTP/1.1 connection may be idle or take to send its headers: longer than nginx
/// keeps an idle connection (60 s), so that it is nginx that closes, between two requests.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(75);
/// How often a silent HTTP/2 connection is asked whether it still lives.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(60);
/// How long it may take to say so.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections that wait to be accepted, on each listener. The system caps it at `somaxconn`.
pub const LISTEN_BACKLOG: i32 = 4096;
/// Pause after the process ran out of file descriptors or the like: long enough not to spin, short
/// enough that nobody's connect times out.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections that the admin listener serves at once; probes and scrapers need a handful.
pub const ADMIN_CONNECTIONS: usize = 64;
/// What one connection to the admin listener may take, from the request to the last byte.
pub const ADMIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the head of a request to the admin listener; the least that hyper allows.
pub const ADMIN_HEAD_BYTES: usize = 8 * 1024;
/// Lines of log that wait for a slow terminal or pipe; further ones are dropped and counted.
pub const LOG_LINES_BUFFERED: usize = 16 * 1024;
/// Sets of counters that workers have each for itself; further threads share them.
pub const TALLIES: usize = 64;
/// Decisions that pass, and as many that do not, written in a second with `decisions: sampled`.
pub const SAMPLED_DECISIONS_PER_SECOND: u32 = 10;
/// Spans that are made in a second at most, whatever callers say of their traces.
pub const SPANS_PER_SECOND: u32 = 500;
/// Spans that wait to be sent; further ones are dropped.
pub const SPANS_BUFFERED: usize = 2048;
/// Spans that are sent with one request.
pub const SPANS_PER_EXPORT: usize = 512;
/// How often spans are sent, if there are not enough for a whole request before.
pub const SPAN_EXPORT_EVERY: Duration = Duration::from_secs(2);
/// How long sending spans may take.
pub const SPAN_EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of what a collector answers.
pub const SPAN_ANSWER_BYTES: usize = 64 * 1024;
/// How long the process waits at its end for the last spans to be sent.
pub const TRACES_END: Duration = Duration::from_secs(2);
/// Bytes of `tracestate`: what everybody has to pass on (W3C Trace Context 3.3.1.5).
pub const TRACE_STATE_BYTES: usize = 512;
/// Default of `cache.max_bytes`.
pub const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Default of `cache.ttl`.
pub const CACHE_TTL: Duration = Duration::from_secs(300);
/// What one entry of the cache takes beside token, payload and headers, in bytes.
pub const CACHE_ENTRY_BYTES: usize = 640;
/// Tokens that a worker keeps a copy of for itself, so that hits on them meet no other worker. A
/// power of two.
pub const FRONT_SLOTS: usize = 512;
/// What one of these copies may take, in bytes; together 8 MiB a worker at worst, beside
/// `cache.max_bytes`.
pub const FRONT_ENTRY_BYTES: u32 = 16 * 1024;
/// How long such a copy is used before the shared cache is asked again.
pub const FRONT_LIFETIME: Duration = Duration::from_secs(1);
/// Tokens that a worker remembers to have refused for what they are. A power of two.
pub const REFUSAL_SLOTS: usize = 64;
/// What such a token may have, in bytes; together 1 MiB a worker at worst.
pub const REFUSAL_BYTES: usize = 16 * 1024;
/// Rules whose judgement on a token is kept with it; those of further ones are made anew.
pub const RULES_PER_TOKEN: usize = 16;
/// Default of `leeway`: clocks of well-run machines differ by less.
pub const LEEWAY: Duration = Duration::from_secs(10);
/// Default of `server.drain`.
pub const DRAIN: Duration = Duration::from_secs(20);
/// Default of `refresh.every`.
pub const REFRESH_EVERY: Duration = Duration::from_secs(600);
/// Default of `refresh.min_interval`.
pub const REFRESH_MIN_INTERVAL: Duration = Duration::from_secs(10);
/// Default of `refresh.timeout`.
pub const REFRESH_TIMEOUT: Duration = Duration::from_secs(5);
/// HTTP clients for key sources that are made at the same time.
pub const KEY_CLIENTS_IN_THE_MAKING: usize = 2;
/// Default of a key source's `max_bytes`.
pub const KEY_SET_BYTES: u64 = 1024 * 1024;
/// Bytes of `consumers_file`: ten million consumers with short secrets.
pub const CONSUMERS_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Values that one header made of claims may have, in bytes: gateways refuse longer ones.
pub const FORWARD_VALUE_BYTES: usize = 16 * 1024;
/// Bytes of a request's path, without the query. Gateways take shorter request lines by default.
pub const PATH_BYTES: usize = 64 * 1024;
/// Segments of a path pattern: the index of rules is searched this deep at worst.
pub const PATTERN_SEGMENTS: usize = 64;
/// Bytes of a host in a rule: the longest name that DNS has (RFC 1035 2.3.4), as text.
pub const HOST_BYTES: usize = 253;
/// `any`, `all` and `not` within each other in one line of `require`.
pub const REQUIREMENT_DEPTH: usize = 8;
/// Bytes of a regular expression once compiled, and of what it remembers while it searches.
pub const PATTERN_BYTES: usize = 1024 * 1024;
/// Bytes of one CEL expression.
pub const CONDITION_BYTES: usize = 4096;
/// Expressions within each other in one CEL expression: the interpreter recurses twice as deep.
pub const CONDITION_DEPTH: u16 = 32;
/// Names, values, calls and operators in one CEL expression, macros expanded.
pub const CONDITION_NODES: usize = 1024;
/// What one evaluation of a CEL expression may cost. A unit is about the time to look at one
/// value, some 50 ns, so that this is a few milliseconds at worst.
pub const CONDITION_BUDGET: u64 = 50_000;
/// Keys of ours that are published at one time.
pub const SIGNING_KEYS: usize = 64;
/// Default of `rotate_every`.
pub const ROTATE_EVERY: Duration = Duration::from_secs(30 * 86_400);
/// The least `rotate_every`: others have to hear of each key before it signs.
pub const ROTATE_EVERY_MIN: Duration = Duration::from_secs(60);
/// How long others may keep our published keys and metadata at most.
pub const PUBLISHED_KEYS_MAX_AGE: Duration = Duration::from_secs(300);
/// How long a key of ours stays published beyond the last token that it signed: for clocks, and
/// for verifiers that are generous.
pub const SIGNING_KEY_GRACE: Duration = Duration::from_secs(60);
/// The longest pause between two looks at the schedule of signing keys: clocks jump.
pub const SIGNING_KEY_LOOK_EVERY: Duration = Duration::from_secs(30);
/// Bytes of a file with signing keys: all of [`SIGNING_KEYS`] with RSA 4096.
pub const SIGNING_KEY_FILE_BYTES: u64 = 1024 * 1024;
/// Secrets of clients that are hashed at one time: each takes a core and megabytes for a while.
pub const HASHING_THREADS: usize = 2;
/// Secrets that wait to be hashed; whoever comes then is told to come again.
pub const HASHES_QUEUED: usize = 64;
/// How many of them may come from one address once half of the places are taken.
pub const HASHES_OF_ADDRESS: usize = 4;
/// Memory that the hash of one secret may take, in KiB.
pub const HASH_MEMORY_KIB: u32 = 256 * 1024;
/// Passes over that memory.
pub const HASH_PASSES: u32 = 16;
/// Cost of bcrypt: 2^14 rounds are about a second.
pub const BCRYPT_COST: u32 = 14;
/// Bytes of a client's name and secret together.
pub const CLIENT_CREDENTIAL_BYTES: usize = 1024;
/// Requests for tokens in a second that one client may send from one address, all in all, and how
/// many of them at once.
pub const CLIENT_RATE: (u32, u32) = (20, 50);
/// The same from one address, whoever it says it is. Behind a proxy all come from one.
pub const ADDRESS_RATE: (u32, u32) = (50, 200);
/// Buckets that clients and addresses are counted in. Several share one if there are more.
pub const RATE_BUCKETS: usize = 16 * 1024;
/// Bytes of a request to `/token`: a token as long as any may be, and a little.
pub const FORM_BYTES: usize = 64 * 1024;
/// Parameters of such a request.
pub const FORM_PARAMETERS: usize = 32;
/// How long before its end an internal token is replaced, at most a quarter of its life.
pub const INTERNAL_TOKEN_MARGIN: Duration = Duration::from_secs(30);
/// Default of `ttl` of a profile.
pub const ISSUED_TTL: Duration = Duration::from_secs(300);

const _: () = assert!(TOKEN_BYTES <= TOKEN_BYTES_MAX);
const _: () = assert!(SIGNING_KEYS <= KEYS_PER_SET);
const _: () = assert!(CLAIMS_DEPTH <= CLAIMS_DEPTH_MAX);
const _: () = assert!(KEYS_PER_ID <= KEYS_PER_SET);
const _: () = assert!(SIGNATURE_BYTES * 8 >= RSA_BITS_MAX);
