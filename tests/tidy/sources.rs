//! Reading sources as text: rustfmt has made them regular enough.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file.
pub struct Source {
    /// From the root of the repository.
    pub name: String,
    pub text: String,
}

impl Source {
    /// The room it belongs to: the first name below `src`.
    pub fn module(&self) -> &str {
        let inside = self.name.strip_prefix("src/").unwrap_or(&self.name);
        let room = inside.split('/').next().unwrap_or(inside);
        room.strip_suffix(".rs").unwrap_or(room)
    }

    /// The lines that are compiled into the library, with their numbers: no comments, no tests.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.name.ends_with("/tests.rs") || self.name.contains("/tests/");
        self.text
            .lines()
            .enumerate()
            .take_while(move |(_, line)| !is_test && !line.starts_with("#[cfg(test)]"))
            .map(|(number, line)| (number, line.split("//").next().unwrap_or(line)))
    }

    /// The text down to its tests, whose tables may be long.
    pub fn without_tests(&self) -> String {
        self.code().map(|(_, line)| format!("{line}\n")).collect()
    }

    pub fn finding(&self, number: usize, what: &str) -> String {
        format!("{}:{}: {what}", self.name, number + 1)
    }
}

/// The names that follow `prefix` in a line, those of a braced list too.
pub fn names_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        let list = rest.strip_prefix('{').map_or(rest, |list| list);
        let many = rest.starts_with('{');
        for item in list.split(',').take(if many { usize::MAX } else { 1 }) {
            let item = item.trim_start();
            let end = item.find(|c: char| !c.is_alphanumeric() && c != '_');
            names.push(&item[..end.unwrap_or(item.len())]);
        }
    }
    names
}

/// Name and number of lines of every function. rustfmt puts the closing brace below the `fn`.
pub fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let Some(name) = function_name(line.trim_start()) else {
            continue;
        };
        let close = format!("{indent}}}");
        // A declaration in a trait has no body.
        let ends = |line: &&str| *line == close || (line.ends_with(';') && line.contains("fn "));
        let length = lines[start..].iter().position(ends);
        found.push((name, length.map_or(1, |length| length + 1)));
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let qualifiers = [
        "pub",
        "pub(crate)",
        "pub(super)",
        "const",
        "async",
        "unsafe",
    ];
    let is_function = before
        .split_whitespace()
        .all(|word| qualifiers.contains(&word));
    let end = after.find(['(', '<'])?;
    (is_function && !line.ends_with('}')).then_some(&after[..end])
}

/// A struct or an enum.
pub struct Type<'a> {
    /// The line before it, where rustfmt puts `derive`, and those before that.
    pub attributes: String,
    pub body: &'a str,
}

/// Every struct and enum with the number of its line.
pub fn types(text: &str) -> Vec<(usize, Type<'_>)> {
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    let mut start = 0;
    for (number, line) in lines.iter().enumerate() {
        let length = line.len() + 1;
        let words = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ");
        let words = words
            .trim_start_matches("pub(in crate::config) ")
            .trim_start_matches("pub ");
        if words.starts_with("struct ") || words.starts_with("enum ") {
            let rest = &text[start..];
            let end = rest.find("\n}\n").into_iter().chain(rest.find(";\n")).min();
            let attributes = lines[..number].iter().rev();
            let attributes = attributes.take_while(|line| !line.is_empty() && **line != "}");
            let item = Type {
                attributes: attributes
                    .filter(|it| !it.starts_with("//"))
                    .copied()
                    .collect(),
                body: &rest[..end.unwrap_or(rest.len())],
            };
            found.push((number, item));
        }
        start += length;
    }
    found
}

pub fn sources(directories: &[&str]) -> Vec<Source> {
    let root = root();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below the root");
        Source {
            name: name.to_str().expect("our names are text").to_owned(),
            text: fs::read_to_string(&path).expect("it was listed"),
        }
    };
    let files = directories
        .iter()
        .flat_map(|name| files(&root.join(name), "rs"));
    files.map(read).collect()
}

/// Files of this extension below a directory, without hidden ones and what is built.
pub fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
