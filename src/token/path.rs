//! Where a claim stands: a name, or names within each other.

use std::fmt;

use super::json::Json;

/// The path to a claim: `realm_access.roles`, or a list of names where a name has dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    names: Box<[Box<str>]>,
}

impl ClaimPath {
    /// From a dotted path; every dot steps into a member.
    ///
    /// # Errors
    /// [`EmptyName`] if the path or one of its names is empty.
    pub fn dotted(path: &str) -> Result<Self, EmptyName> {
        Self::list(path.split('.'))
    }

    /// From the names themselves, which may hold dots and slashes.
    ///
    /// # Errors
    /// [`EmptyName`] if there is no name or one is empty.
    pub fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, EmptyName> {
        let names: Box<[Box<str>]> = names.into_iter().map(Box::from).collect();
        if names.is_empty() || names.iter().any(|name| name.is_empty()) {
            return Err(EmptyName);
        }
        Ok(Self { names })
    }

    /// The value at this path within `claims`, if there is one and it is not `null`.
    #[must_use]
    pub fn find<'a>(&self, claims: Json<'a>) -> Option<Json<'a>> {
        self.names
            .iter()
            .try_fold(claims, |json, name| json.get(name))
            .filter(|value| !value.is_null())
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            if index > 0 {
                formatter.write_str(".")?;
            }
            formatter.write_str(name)?;
        }
        Ok(())
    }
}

/// A claim path without a name, or with an empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmptyName;
