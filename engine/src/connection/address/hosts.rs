//! The hosts that words name, and how a connection to them is encrypted.

use super::SOCKETS;
use super::words::Words;
use crate::connection::tls::Verify;
use crate::error::Error;
use std::net::IpAddr;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// A host and its port.
pub(super) fn place_of(config: &tokio_postgres::Config) -> (String, u16) {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string().replace('\0', "@"),
        None => config
            .get_hostaddrs()
            .first()
            .map_or_else(|| "localhost".to_owned(), ToString::to_string),
    };
    (host, config.get_ports().first().copied().unwrap_or(5432))
}

/// One for each host that is named, by name, address or both.
pub(super) fn hosts(words: &Words) -> Result<Vec<tokio_postgres::Config>, Error> {
    let list = |key: &str| {
        words
            .get(key)
            .map_or_else(Vec::new, |list| list.split(',').collect::<Vec<_>>())
    };
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = names.len().max(addresses.len());
    if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
        return Err(Error::BadConnection(
            "there are as many of hostaddr as of host, or none".to_owned(),
        ));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(Error::BadConnection(
            "there are as many ports as hosts, or one".to_owned(),
        ));
    }
    let mut hosts = Vec::new();
    for at in 0..count {
        let mut config = tokio_postgres::Config::new();
        match names.get(at) {
            Some(&"") => config.host(SOCKETS[0]),
            // An abstract socket; in the driver's words its name begins with a zero.
            Some(name) => match name.strip_prefix('@') {
                Some(name) => config.host_path(format!("\0{name}")),
                None => config.host(*name),
            },
            None => &mut config,
        };
        if let Some(address) = addresses.get(at).filter(|address| !address.is_empty()) {
            let address = address.parse::<IpAddr>();
            config.hostaddr(
                address
                    .map_err(|_| Error::BadConnection("hostaddr isn't an address".to_owned()))?,
            );
        }
        let port = ports
            .get(at)
            .or(if ports.len() == 1 {
                ports.first()
            } else {
                None
            })
            .copied()
            .unwrap_or_default();
        let port = if port.is_empty() {
            Ok(5432)
        } else {
            port.parse::<u16>()
        };
        config.port(
            port.map_err(|_| Error::BadConnection("a port isn't a number up to 65535".to_owned()))?,
        );
        hosts.push(config);
    }
    if words.get("load_balance_hosts") == Some("random") && count > 0 {
        hosts.rotate_left(rand::random_range(0..count));
    }
    Ok(hosts)
}

/// How a connection is encrypted, and whom it trusts.
pub(super) fn trust(words: &Words) -> Result<(SslMode, Verify), Error> {
    let root = words.get("sslrootcert");
    let rooted = root.is_some();
    if root == Some("system") {
        return match words.get("sslmode") {
            None | Some("verify-full") => Ok((SslMode::Require, Verify::Full)),
            Some(_) => Err(Error::BadConnection(
                "sslrootcert=system needs sslmode=verify-full: its authorities sign for anybody"
                    .to_owned(),
            )),
        };
    }
    Ok(match words.get("sslmode") {
        None | Some("prefer" | "allow") => (SslMode::Prefer, Verify::Nothing),
        Some("disable") => (SslMode::Disable, Verify::Nothing),
        Some("require") if rooted => (SslMode::Require, Verify::Authority),
        Some("require") => (SslMode::Require, Verify::Nothing),
        Some("verify-ca") => (SslMode::Require, Verify::Authority),
        Some("verify-full") => (SslMode::Require, Verify::Full),
        // The value isn't shown: where a quote or a blank went wrong, it has the next word's in it.
        Some(_) => {
            const KNOWN: &str = "disable, allow, prefer, require, verify-ca, verify-full";
            return Err(Error::BadConnection(format!(
                "sslmode isn't one of {KNOWN}"
            )));
        }
    })
}

/// Which of several servers is meant: one that can be written.
pub(super) fn attributes(words: &Words, several: bool) -> Result<TargetSessionAttrs, Error> {
    Ok(match words.get("target_session_attrs") {
        None if several => TargetSessionAttrs::ReadWrite,
        None | Some("any") => TargetSessionAttrs::Any,
        Some("read-write" | "primary") => TargetSessionAttrs::ReadWrite,
        Some("read-only" | "standby" | "prefer-standby") => {
            return Err(Error::BadConnection(
                "changes need the primary: target_session_attrs=read-write".to_owned(),
            ));
        }
        Some(_) => {
            const KNOWN: &str = "any, read-write, primary";
            return Err(Error::BadConnection(format!(
                "target_session_attrs isn't one of {KNOWN}"
            )));
        }
    })
}
