//! Where a secret value comes from, and a box for it that cannot be printed.

use std::env::VarError;
use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// `{file: PATH}`, `{env: NAME}` or `{value: TEXT}` of the configuration.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The content of a file, without one newline at its end.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// The text itself.
    Value(Zeroizing<String>),
}

impl SecretSource {
    /// Reads the secret now.
    ///
    /// # Errors
    /// A sentence that names the file or the variable, never the secret.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>, String> {
        match self {
            Self::File(path) => {
                let mut bytes = std::fs::read(path)
                    .map(Zeroizing::new)
                    .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                // Editors and `kubectl create secret` end files with a newline that nobody means.
                if bytes.last() == Some(&b'\n') {
                    bytes.pop();
                    if bytes.last() == Some(&b'\r') {
                        bytes.pop();
                    }
                }
                Ok(bytes)
            }
            Self::Env(name) => std::env::var(name)
                .map(|text| Zeroizing::new(text.into_bytes()))
                .map_err(|error| format!("environment variable {name} {}", why(&error))),
            Self::Value(text) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        }
    }
}

/// Why a variable is no use. The error's own words hold what is in it.
const fn why(error: &VarError) -> &'static str {
    match error {
        VarError::NotPresent => "is not set",
        VarError::NotUnicode(_) => "is not UTF-8",
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Env(name) => write!(formatter, "env {name}"),
            Self::Value(_) => formatter.write_str("value [redacted]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env::VarError;

    use super::{SecretSource, why};

    #[test]
    fn debug_never_shows_the_value() {
        let source = SecretSource::Value("hunter2".to_owned().into());
        assert_eq!(format!("{source:?}"), "value [redacted]");
    }

    #[test]
    fn a_variable_that_is_no_text_is_not_shown() {
        assert_eq!(why(&VarError::NotPresent), "is not set");
        let error = VarError::NotUnicode("hunter2".into());
        assert!(error.to_string().contains("hunter2"), "that is why");
        assert_eq!(why(&error), "is not UTF-8");
    }

    #[test]
    fn one_newline_at_the_end_of_a_file_is_not_part_of_the_secret() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("secret");
        for (content, secret) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n")] {
            std::fs::write(&path, content).expect("written");
            let read = SecretSource::File(path.clone()).read().expect("readable");
            assert_eq!(&**read, secret.as_bytes());
        }
    }
}
