//! Label values: closed sets, each an enum whose index finds the handle.

use serde::{Deserialize, Serialize};

/// Declares an enum of label values with its order and its texts.
macro_rules! labels {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident => $label:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the indices.
            pub const ALL: [Self; [$($label),+].len()] = [$(Self::$variant),+];

            /// The text of the label.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)+
                }
            }

            /// Position in `ALL`.
            #[must_use]
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

labels! {
    /// How a question reached us.
    Transport {
        /// Envoy's `ext_authz` over gRPC.
        Check => "check",
        /// The plain RPC and its JSON twin.
        Verify => "verify",
        /// `/auth` and `/envoy`.
        Http => "http",
    }
}

labels! {
    /// What the cache of verified tokens answered.
    CacheResult {
        /// The token was there and still counts.
        Hit => "hit",
        /// It was not.
        Miss => "miss",
    }
}

labels! {
    /// What checking a signature showed.
    SignatureResult {
        /// It is right.
        Valid => "valid",
        /// It is wrong.
        Invalid => "invalid",
    }
}

labels! {
    /// How a refresh of keys ended.
    RefreshOutcome {
        /// The source had other keys than before; they are in force.
        Updated => "updated",
        /// The source had nothing new.
        Unchanged => "unchanged",
        /// The source could not be read, or what it said was refused; the last good keys stay.
        Failed => "failed",
    }
}

labels! {
    /// What became of a token that was to be issued.
    IssueOutcome {
        /// It was signed.
        Issued => "issued",
        /// It was not.
        Refused => "refused",
    }
}

labels! {
    /// How a reload of the configuration ended.
    ReloadOutcome {
        /// The new configuration is in force.
        Applied => "applied",
        /// It is not valid; the old one stays.
        Refused => "refused",
    }
}
