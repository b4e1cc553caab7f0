//! The corpora of the fuzz targets, replayed through the very bodies that libFuzzer runs.

#[path = "../../fuzz/targets/lib.rs"]
#[allow(
    dead_code,
    reason = "what a target exports beside `run` is for the others"
)]
mod targets;

use std::path::Path;
use std::{env, fs, panic};

type Run = fn(&[u8]);

const TARGETS: [(&str, Run); 8] = [
    ("cel", targets::cel::run),
    ("check_request", targets::check_request::run),
    ("claims", targets::claims::run),
    ("config", targets::config::run),
    ("credentials", targets::credentials::run),
    ("keys", targets::keys::run),
    ("path", targets::path::run),
    ("token", targets::token::run),
];

#[test]
fn every_input_of_the_corpora_still_passes() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut known: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.sort();
    assert_eq!(names(&fuzz.join("corpus")), known, "a corpus for each");
    let programs = known.iter().map(|name| format!("{name}.rs"));
    assert_eq!(
        names(&fuzz.join("fuzz_targets")),
        programs.collect::<Vec<_>>()
    );
    for (name, run) in TARGETS {
        let corpus = fuzz.join("corpus").join(name);
        for input in names(&corpus) {
            eprintln!("{name}/{input}");
            let bytes = fs::read(corpus.join(&input)).expect("it was listed");
            run(&bytes);
            // Cut short anywhere, and with one bit off.
            for end in (0..bytes.len()).step_by(1 + bytes.len() / 64) {
                run(&bytes[..end]);
                let mut flipped = bytes.clone();
                flipped[end] ^= 1 << (end % 8);
                run(&flipped);
            }
        }
    }
}

/// Blind mutations, the same ones every time; libFuzzer's see more. `JOTGATE_FUZZ_ROUNDS` asks for
/// others, and as many as one has time for.
#[test]
fn mutations_of_the_corpora_pass_as_well() {
    let rounds = env::var("JOTGATE_FUZZ_ROUNDS").map(|it| it.parse().expect("a number"));
    let (rounds, seed) = match rounds {
        Ok(rounds) => (rounds, rand_seed()),
        Err(_) => (ROUNDS, 0x9e37_79b9_7f4a_7c15),
    };
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, run) in TARGETS {
        let corpus: Vec<Vec<u8>> = names(&fuzz.join(name))
            .iter()
            .map(|input| fs::read(fuzz.join(name).join(input)).expect("it was listed"))
            .collect();
        let mut random = Random(seed);
        for round in 0..rounds {
            let input = mutated(&corpus, &mut random);
            let outcome = panic::catch_unwind(|| run(&input));
            assert!(
                outcome.is_ok(),
                "{name}, round {round} of seed {seed:#x}: {}",
                input.escape_ascii()
            );
        }
    }
}

/// One of the inputs with a few things done to it, or a piece of another in it.
fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        let until = at + random.below(input.len() - at + 1);
        match random.below(7) {
            0 => drop(input.drain(at..until)),
            1 => input.insert(at, random.below(256) as u8),
            2 => input.insert(at, ODD[random.below(ODD.len())]),
            3 => {
                let piece = input[at..until].to_vec();
                input.splice(at..at, piece);
            }
            4 => {
                let other = &corpus[random.below(corpus.len())];
                let start = random.below(other.len() + 1);
                input.splice(at..until, other[start..].iter().copied());
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    input
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        usize::try_from(high).expect("32 bits") % end.max(1)
    }
}

fn rand_seed() -> u64 {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).expect("there is randomness");
    u64::from_le_bytes(bytes) | 1
}

/// What grammars turn on.
const ODD: &[u8] = b"\"\\{}[]:,.;%/?#&= \t\n\0\x7f\xff\xc0\xed-+eE0";
const ROUNDS: usize = 1_000;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("it can be read").file_name();
        name.into_string().expect("our names are text")
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}
