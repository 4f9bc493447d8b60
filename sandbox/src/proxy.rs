//! A network that can't be relied on: a proxy in front of the server, which cuts, delays, swallows or garbles what is sent, when
//! it is told to.

use crate::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a piece that a client sends to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It arrives.
    Forward,
    /// It arrives late.
    Delay(Duration),
    /// The connection is cut, and it doesn't arrive.
    Cut,
    /// It arrives, and the connection is cut before there is an answer.
    CutAfter,
    /// It vanishes, as does all that comes after; the connection stays open.
    Swallow,
    /// Something else arrives.
    Garble,
}

type Decide = Arc<dyn Fn(u64) -> Deed + Send + Sync>;

/// A proxy; gone when dropped.
pub struct Proxy {
    port: u16,
    sent: Arc<AtomicU64>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// Listens on 127.0.0.1, in front of a server there. `decide` is asked for each piece that any client sends, counted
    /// from 1 over all connections: mostly one message or pipeline of the protocol.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(server: u16, decide: impl Fn(u64) -> Deed + Send + Sync + 'static) -> Result<Proxy, Error> {
        let listening = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Error::io("listening for a proxy"))?;
        let port = listening.local_addr().map_err(Error::io("listening for a proxy"))?.port();
        let (sent, decide): (_, Decide) = (Arc::new(AtomicU64::new(0)), Arc::new(decide));
        let counted = Arc::clone(&sent);
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listening.accept().await {
                let (counted, decide) = (Arc::clone(&counted), Arc::clone(&decide));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await {
                        between(client, server, &counted, &decide).await;
                    }
                });
            }
        });
        Ok(Proxy { port, sent, listener })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many pieces have been sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// One connection, until either side ends it.
async fn between(client: TcpStream, server: TcpStream, counted: &AtomicU64, decide: &Decide) {
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = there(from_client, to_server, counted, decide) => {}
        () = back(from_server, to_client) => {}
    }
}

async fn there(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, counted: &AtomicU64, decide: &Decide) {
    let mut piece = vec![0; 1 << 16];
    let mut swallowing = false;
    while let Ok(length @ 1..) = client.read(&mut piece).await {
        let deed = decide(counted.fetch_add(1, Ordering::Relaxed) + 1);
        swallowing |= deed == Deed::Swallow;
        match deed {
            _ if swallowing => continue,
            Deed::Forward | Deed::CutAfter | Deed::Swallow => {}
            Deed::Delay(long) => tokio::time::sleep(long).await,
            Deed::Cut => return,
            Deed::Garble => piece[..length].reverse(),
        }
        if server.write_all(&piece[..length]).await.is_err() {
            return;
        }
        if deed == Deed::CutAfter {
            // So that it arrives before the end does.
            server.flush().await.ok();
            tokio::time::sleep(Duration::from_millis(5)).await;
            return;
        }
    }
}

async fn back(mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
    let mut piece = vec![0; 1 << 16];
    while let Ok(length @ 1..) = server.read(&mut piece).await {
        if client.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
