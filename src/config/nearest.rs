//! "Did you mean …?"

/// The candidate that `word` most likely misspells, if one is near enough.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let word: Vec<char> = word.chars().take(CHARACTERS_MAX).collect();
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or replace until one word is the other (Levenshtein); case and the
/// choice between `_` and `-` count for nothing.
fn distance(word: &[char], candidate: &str) -> usize {
    let fold = |letter: char| match letter {
        '-' => '_',
        other => other.to_ascii_lowercase(),
    };
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (index, expected) in candidate.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for (position, &letter) in word.iter().enumerate() {
            let replaced = diagonal + usize::from(fold(letter) != fold(expected));
            diagonal = row[position + 1];
            row[position + 1] = replaced.min(diagonal + 1).min(row[position] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// No key of ours is half as long.
const CHARACTERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let keys = ["audiences", "algorithms", "keys", "max_age", "jwks_url"];
        for (word, expected) in [
            ("audience", Some("audiences")),
            ("Audiences", Some("audiences")),
            ("algoritms", Some("algorithms")),
            ("max-age", Some("max_age")),
            ("jwksUrl", Some("jwks_url")),
            ("key", Some("keys")),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
    }
}
