//! A network that can't be relied on: a proxy in front of the server, which cuts, delays, swallows
//! or garbles what passes when it is told to.

use crate::error::Error;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What the network is like. Counts go up with each call, and a connection compares them with those
/// at its birth.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    cuts: u64,
    silences: u64,
    garbles: u64,
    delay: Duration,
}

/// A proxy; gone when dropped, with its connections.
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// Listens on 127.0.0.1, in front of a server there.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(server: u16) -> Result<Proxy, Error> {
        let listening = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(Error::io("listening for a proxy"))?;
        let port = listening
            .local_addr()
            .map_err(Error::io("listening for a proxy"))?
            .port();
        let (weather, seen) = watch::channel(Weather::default());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listening.accept().await {
                let seen = seen.clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await {
                        between(client, server, seen).await;
                    }
                });
            }
        });
        Ok(Proxy {
            port,
            weather,
            listener,
        })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection there is.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Nothing passes any more on any connection there is, in either direction, though all stay
    /// open, also when one side ends them: until they are cut. New connections are well.
    pub fn silence(&self) {
        self.weather.send_modify(|weather| weather.silences += 1);
    }

    /// The next piece that a client sends, on every connection there is, arrives as another.
    pub fn garble(&self) {
        self.weather.send_modify(|weather| weather.garbles += 1);
    }

    /// Every piece is late by so much.
    pub fn delay(&self, by: Duration) {
        self.weather.send_modify(|weather| weather.delay = by);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut();
    }
}

/// One connection, until either side ends it.
async fn between(client: TcpStream, server: TcpStream, mut weather: watch::Receiver<Weather>) {
    client.set_nodelay(true).ok();
    server.set_nodelay(true).ok();
    let born = *weather.borrow_and_update();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let seen = weather.clone();
    tokio::select! {
        () = pass(from_client, to_server, &seen, born, true) => {}
        () = pass(from_server, to_client, &seen, born, false) => {}
        _ = weather.wait_for(|now| now.cuts > born.cuts) => {}
    }
}

/// What one side sends, to the other side. What is late holds nothing up that comes behind it: it
/// is a long line, not a thin one.
async fn pass(
    from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    weather: &watch::Receiver<Weather>,
    born: Weather,
    may_garble: bool,
) {
    let (line, mut end) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let arrives = async {
        while let Some((due, piece)) = end.recv().await {
            // A timer is as coarse as a millisecond: what is due isn't given to one.
            if due > Instant::now() {
                tokio::time::sleep_until(due).await;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(read(from, line, weather, born, may_garble), arrives);
}

async fn read(
    mut from: OwnedReadHalf,
    line: mpsc::UnboundedSender<(Instant, Vec<u8>)>,
    weather: &watch::Receiver<Weather>,
    born: Weather,
    may_garble: bool,
) {
    let mut piece = vec![0; 1 << 16];
    let mut garbles = born.garbles;
    loop {
        let read = from.read(&mut piece).await;
        let now = *weather.borrow();
        let silent = now.silences > born.silences;
        let Ok(length @ 1..) = read else {
            if silent {
                std::future::pending::<()>().await;
            }
            return;
        };
        if silent {
            continue;
        }
        if may_garble && now.garbles > garbles {
            garbles = now.garbles;
            piece[..length].reverse();
        }
        if line
            .send((Instant::now() + now.delay, piece[..length].to_vec()))
            .is_err()
        {
            return;
        }
    }
}
