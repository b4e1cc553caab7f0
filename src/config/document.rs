//! Documents beside the configuration, read as strictly: every error at once, with its place and
//! the remedy.

use serde::de::DeserializeOwned;

use super::error::ConfigErrors;
use super::problems::Problems;
use super::read::read;
use super::tree::{Node, Value};

/// Reads the one YAML document in `text`. `review` looks at what could be read of it, and tells
/// what else is wrong; `expected` says what should stand there, as "a list of cases".
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read_document<T: DeserializeOwned, R>(
    text: &str,
    expected: &str,
    review: impl FnOnce(T, &mut Problems<'_>) -> R,
) -> Result<R, ConfigErrors> {
    let tree = Node::parse(text).map_err(|(line, problem)| ConfigErrors::at_line(line, problem))?;
    let mut problems = Problems::new(&tree);
    problems.find_duplicates();
    if matches!(tree.value, Value::Null) {
        return Err(ConfigErrors::whole_file(format!(
            "is empty: write {expected}"
        )));
    }
    let Some(document) = read(&tree, &mut problems) else {
        return Err(problems.into_errors());
    };
    let reviewed = review(document, &mut problems);
    if problems.is_empty() {
        Ok(reviewed)
    } else {
        Err(problems.into_errors())
    }
}
