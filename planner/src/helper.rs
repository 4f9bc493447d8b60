//! Names of what is ours: short, unique for what they stand for, and told from any author's.

use concertina_revisions::Ident;
use sha2::{Digest, Sha256};

/// A name for a helper object: short, unique for what it stands for, and known as ours.
pub(crate) fn helper(kind: &str, parts: &[&str]) -> Ident {
    Ident::new(format!("concertina_{kind}_{}", digest(parts)))
}

/// Twelve letters that stand for these parts and no others.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether a name is one of our helpers': of a column, constraint, index or trigger that no author
/// made.
pub fn is_helper(name: &Ident) -> bool {
    name.as_str().starts_with("concertina_") || name.as_str().starts_with("zzz_concertina_")
}
