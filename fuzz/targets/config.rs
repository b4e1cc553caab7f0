//! Configurations: no text makes reading one panic, and what is good is good again as `check`
//! prints it.

use std::path::Path;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // A device may have no end, and whoever names one in a configuration gets what it gives.
    if text.contains("/dev") || text.contains("/proc") {
        return;
    }
    let base_dir = Path::new("/nonexistent");
    match jotgate::config::parse(text, base_dir) {
        Ok(config) => {
            assert!(!config.issuers.is_empty() || !config.consumers.is_empty());
            let printed = &config.effective_yaml;
            assert!(!printed.contains(SECRET), "a secret is printed");
        }
        Err(errors) => {
            let told = errors.to_string();
            assert!(!told.is_empty());
            assert!(!told.contains(SECRET), "a secret is printed");
        }
    }
}

/// The secret that the corpus uses.
const SECRET: &str = "planted-secret-planted-secret-42";
