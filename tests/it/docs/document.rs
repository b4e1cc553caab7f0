//! The documents, taken apart into blocks, rows of tables, headings and links.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of documentation.
pub(crate) struct Document {
    /// Its path within the repository.
    pub(super) name: String,
    pub(crate) text: String,
}

/// A fenced block of code.
pub(crate) struct Block {
    /// File and line, for whoever has to correct it.
    pub(crate) place: String,
    /// What stands behind the opening fence.
    pub(crate) info: String,
    pub(crate) text: String,
}

impl Document {
    /// Every document, wherever there may be some.
    pub(super) fn all() -> Vec<Self> {
        let mut names: Vec<String> = DIRECTORIES
            .iter()
            .flat_map(|directory| names_in(directory))
            .filter(|name| name.ends_with(".md"))
            .collect();
        names.sort_unstable();
        names.iter().map(|name| Self::read(name)).collect()
    }

    pub(crate) fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name));
        Self {
            name: name.to_owned(),
            text: text.unwrap_or_else(|error| panic!("{name}: {error}")),
        }
    }

    /// The fenced blocks, in their order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let Some(info) = line.strip_prefix(FENCE) else {
                continue;
            };
            let place = format!("{}:{}", self.name, index + 1);
            let mut text = String::new();
            let is_closed = lines.by_ref().any(|(_, line)| {
                let is_end = line == FENCE;
                if !is_end {
                    text += line;
                    text.push('\n');
                }
                is_end
            });
            assert!(is_closed, "{place}: the block has no end");
            let info = info.to_owned();
            blocks.push(Block { place, info, text });
        }
        blocks
    }

    /// The rows of tables whose first cell is code, as cells; the first without its backticks.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.text.lines().filter(|line| line.starts_with("| `"));
        rows.map(|line| {
            let mut cells: Vec<String> = line
                .trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect();
            cells[0] = cells[0].trim_matches('`').to_owned();
            cells
        })
        .collect()
    }

    /// What links may point at, as GitHub names it.
    pub(super) fn anchors(&self) -> Vec<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                let kept = title
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                kept.map(|c| if c == ' ' { '-' } else { c }).collect()
            })
            .collect()
    }

    /// The targets of links outside of code.
    pub(super) fn links(&self) -> Vec<&str> {
        let mut is_code = false;
        let mut links = Vec::new();
        for line in self.text.lines() {
            is_code ^= line.starts_with(FENCE);
            if !is_code {
                let targets = line.split("](").skip(1);
                links.extend(targets.filter_map(|rest| rest.split(')').next()));
            }
        }
        links
    }
}

/// Every block whose info string is `info`. There is at least one, or nothing would be tested.
pub(crate) fn blocks(info: &str) -> Vec<Block> {
    let blocks: Vec<Block> = Document::all()
        .iter()
        .flat_map(Document::blocks)
        .filter(|block| block.info == info)
        .collect();
    assert!(!blocks.is_empty(), "no block is marked `{info}`");
    blocks
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

const FENCE: &str = "```";

/// The files in a directory of the repository; none if it is not there.
fn names_in(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory));
    let names = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    names
        .map(|name| format!("{directory}{}", name.to_string_lossy()))
        .collect()
}

const DIRECTORIES: [&str; 6] = [
    "",
    "docs/",
    "docs/gateways/",
    "benches/",
    "helm/jotgate/",
    "load-tests/",
];
