//! What an address looks like in the configuration.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// `0.0.0.0:9191` or `unix:///run/jotgate/grpc.sock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP address; port 0 lets the system choose.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text
            .strip_prefix("unix://")
            .or_else(|| text.strip_prefix("unix:"))
        {
            return if path.starts_with('/') {
                Ok(Self::Unix(PathBuf::from(path)))
            } else {
                Err(AddressError)
            };
        }
        // Names are not resolved: a listener must not depend on a name server.
        let text = text.replace("localhost:", "127.0.0.1:");
        text.parse().map(Self::Tcp).map_err(|_| AddressError)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "{address}"),
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
        }
    }
}

/// Not an address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address: write IP:PORT (127.0.0.1:9191, [::]:9191) or unix:///absolute/path")]
pub struct AddressError;

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_read_back_as_they_are_written() {
        for text in [
            "127.0.0.1:9191",
            "0.0.0.0:0",
            "[::]:9191",
            "[::1]:80",
            "unix:///run/jotgate/grpc.sock",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        assert_eq!(
            "unix:/run/a.sock".parse::<Address>(),
            "unix:///run/a.sock".parse()
        );
        assert_eq!("localhost:1".parse::<Address>(), "127.0.0.1:1".parse());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "9191",
            ":9191",
            "example.com:80",
            "127.0.0.1",
            "127.0.0.1:65536",
            "unix://relative.sock",
            "unix://",
            "http://127.0.0.1:80",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
