//! `consumers_file`: the map of consumers in a file of its own, read entry by entry, because a
//! million of them are no tree to keep in memory.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use crate::config::ConfigError;
use crate::config::problems::{At, Problems, push_key};
use crate::config::raw::{self, FilePath, Line, Scalar, Written};
use crate::config::read;
use crate::config::stream::{self, Flow};
use crate::config::tree::Node;
use crate::limits::CONSUMERS_FILE_BYTES;

use super::Context;
use super::consumer::Table;
use super::files::{Digesting, check_size};

/// Adds every consumer of `file` to `table`. Relative paths in it start at its own directory.
pub(super) fn read(
    file: &Written<FilePath>,
    table: &mut Table<'_>,
    at: &At<'_>,
    context: &mut Context<'_>,
) {
    let path = context.files.resolve(&file.0);
    let opened = check_size(&path, CONSUMERS_FILE_BYTES).and_then(|()| {
        File::open(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
    });
    let file = match opened {
        Ok(file) => file,
        Err(problem) => return context.problems.push(at, problem),
    };
    let mut source = Digesting::new(file.take(CONSUMERS_FILE_BYTES));
    let outcome = stream::entries(
        BufReader::with_capacity(BUFFER_BYTES, &mut source),
        |entry| add(&path, entry, table, context),
    );
    if let Err((line, problem)) = outcome {
        let path = path.display().to_string();
        context.problems.record(path, line, problem);
    }
    context.files.remember(path, source.digest());
}

/// Adds one entry; its errors are told with their place in the file.
fn add(
    path: &Path,
    (name, node): (String, Node),
    table: &mut Table<'_>,
    context: &mut Context<'_>,
) -> Flow {
    let mut problems = Problems::new(&node);
    problems.find_duplicates();
    let raw = read::read::<raw::Consumer>(&node, &mut problems);
    let directory = path.parent().unwrap_or(path);
    let mut inner = Context::new(problems, directory);
    match Line::parse(&name) {
        Ok(_) => {
            if let Some(raw) = raw {
                table.add(&name, &raw, &At::ROOT, &mut inner);
            }
        }
        Err(problem) => inner.problems.push(&At::ROOT, problem),
    }
    let Context { problems, files } = inner;
    for (file, digest) in files.into_read() {
        context.files.remember(file, digest);
    }
    if problems.is_empty() {
        return Flow::On;
    }
    for error in problems.into_errors().0 {
        let ConfigError {
            path: within,
            line,
            problem,
        } = error;
        let mut place = String::new();
        push_key(&mut place, &name);
        if !within.is_empty() && !within.starts_with('[') {
            place.push('.');
        }
        let place = format!("{}: {place}{within}", path.display());
        context
            .problems
            .record(place, line.or(Some(node.line)), problem);
    }
    if context.problems.is_full() {
        Flow::Enough
    } else {
        Flow::On
    }
}

const BUFFER_BYTES: usize = 64 * 1024;
