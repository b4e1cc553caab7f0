//! Text in columns.

use std::io::{self, Write};

use crate::cli::terminal::visible;

/// Writes `rows` under `header`, every line after `indent`, every column as wide as its longest
/// cell. Without a header the rows stand alone, without rows there is nothing.
pub(super) fn write(
    header: &[&str],
    rows: &[Vec<String>],
    indent: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(&header)
        .filter(|header| !header.is_empty())
        .chain(rows)
        .map(|row| row.iter().map(|text| cell(text)).collect())
        .collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in &lines {
        let mut text = String::from(indent);
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// The text on one line and without anything that would steer the terminal: key ids and errors
/// come from servers of others.
pub(super) fn cell(text: &str) -> String {
    visible(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::{cell, write};

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [
            vec!["a".to_owned(), "größer".to_owned(), "x".to_owned()],
            vec!["long".to_owned(), String::new(), "y".to_owned()],
        ];
        let mut out = Vec::new();
        write(&["A", "B", "C"], &rows, "  ", &mut out).unwrap();
        let expected = "  A     B       C\n  a     größer  x\n  long          y\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_cell_is_one_line_and_does_not_steer_the_terminal() {
        assert_eq!(cell("k\u{1b}[2J1\nk2"), "k\u{fffd}[2J1 k2");
    }
}
