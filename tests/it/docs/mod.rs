//! The documentation, run: whatever a reader may copy is given to the program that it is for.

mod commands;
pub(crate) mod document;
pub(crate) mod gateways;
mod locations;
pub(crate) mod programs;
mod tables;

use document::{Document, root};

/// What a block may be. The first ones are run, the rest are for reading. Those for Kubernetes and Helm
/// are run by `tests/chart`.
const KINDS: [&str; 13] = [
    "caddyfile",
    "haproxy",
    "nginx",
    "sh run",
    "yaml envoy",
    "yaml istiod",
    "yaml jotgate",
    "yaml kubernetes",
    "yaml traefik",
    "yaml values",
    "json",
    "sh",
    "text",
];

#[test]
fn every_block_says_what_it_is() {
    for block in Document::all().iter().flat_map(Document::blocks) {
        let (place, info) = (&block.place, &block.info);
        assert!(
            KINDS.contains(&info.as_str()),
            "{place}: {info:?} is not one of {KINDS:?}"
        );
    }
}

#[test]
fn every_link_leads_somewhere() {
    for document in Document::all() {
        for link in document.links() {
            if link.starts_with("https://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let here = root().join(&document.name);
            let target = match path {
                "" => here,
                path => here.parent().expect("a file is in a directory").join(path),
            };
            let place = format!("{}: {link}", document.name);
            assert!(target.exists(), "{place}");
            if !anchor.is_empty() {
                let target = target.strip_prefix(root()).expect("within the repository");
                let anchors = Document::read(&target.to_string_lossy()).anchors();
                assert!(
                    anchors.iter().any(|known| known == anchor),
                    "{place}: {anchors:?}"
                );
            }
        }
    }
}
