//! What can happen, and schedules of it from a seed.

use crate::director::Point;
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::fmt;

/// Something that happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The engine is killed, with SIGKILL.
    Kill,
    /// The engine is killed when the statement has just been sent.
    KillDuring,
    /// The engine stands still for longer than its sessions may be idle in a transaction, as a
    /// machine that is suspended does.
    Freeze,
    /// All its connections end.
    Cut,
    /// All its connections end when the statement has just been sent.
    CutDuring,
    /// The next piece on each connection arrives as another.
    Garble,
    /// Nothing passes any more on its connections, though they stay open.
    Silence,
    /// Everything is late.
    Slow,
    /// The server ends as by a crash, and is started again.
    ServerCrash,
    /// An administrator ends the engine's sessions.
    Terminate,
    /// An administrator cancels what the engine's sessions do.
    Cancel,
    /// The statement fails with an SQLSTATE: a statement's timeout, a lock's, a deadlock, a
    /// serialization failure, a full disk, no memory.
    Raise(&'static str),
    /// Somebody else holds the strongest lock of a table for a while.
    LockTable,
    /// Somebody else has a transaction open, with a snapshot and locked rows.
    IdleInTransaction,
    /// Somebody else rewrites a table.
    VacuumFull,
    /// A second engine is started on the same database.
    SecondEngine,
    /// The engine's wall clock jumps by ten years, forward or, the next time, back.
    ClockJump,
    /// The primary is gone, and its standby is promoted.
    FailOver,
    /// The standby is cut off, the engine goes on for a few statements, and then the standby is
    /// promoted without them.
    FailOverBehind,
    /// The standby is cut off for a moment: where it is synchronous, nothing is committed
    /// meanwhile.
    StandbyStops,
    /// What the standby receives is late.
    StandbyLags,
}

/// Every fault there is.
pub const FAULTS: [Fault; 26] = [
    Fault::Kill,
    Fault::KillDuring,
    Fault::Freeze,
    Fault::Cut,
    Fault::CutDuring,
    Fault::Garble,
    Fault::Silence,
    Fault::Slow,
    Fault::ServerCrash,
    Fault::Terminate,
    Fault::Cancel,
    Fault::Raise("57014"),
    Fault::Raise("55P03"),
    Fault::Raise("40P01"),
    Fault::Raise("40001"),
    Fault::Raise("53100"),
    Fault::Raise("53200"),
    Fault::LockTable,
    Fault::IdleInTransaction,
    Fault::VacuumFull,
    Fault::SecondEngine,
    Fault::ClockJump,
    Fault::FailOver,
    Fault::FailOverBehind,
    Fault::StandbyStops,
    Fault::StandbyLags,
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Kill => "the engine is killed",
            Fault::KillDuring => "the engine is killed with the statement on its way",
            Fault::Freeze => "the engine stands still",
            Fault::Cut => "connections are cut",
            Fault::CutDuring => "connections are cut with the statement on its way",
            Fault::Garble => "something else arrives",
            Fault::Silence => "nothing arrives any more",
            Fault::Slow => "the network is slow",
            Fault::ServerCrash => "the server crashes",
            Fault::Terminate => "sessions are terminated",
            Fault::Cancel => "statements are cancelled",
            Fault::Raise("57014") => "statement timeout",
            Fault::Raise("55P03") => "lock timeout",
            Fault::Raise("40P01") => "deadlock",
            Fault::Raise("40001") => "serialization failure",
            Fault::Raise("53100") => "disk full",
            Fault::Raise("53200") => "out of memory",
            Fault::Raise(other) => other,
            Fault::LockTable => "a table is locked by somebody",
            Fault::IdleInTransaction => "a transaction of somebody is left open",
            Fault::VacuumFull => "a table is rewritten by somebody",
            Fault::SecondEngine => "a second engine",
            Fault::ClockJump => "the engine's clock jumps",
            Fault::FailOver => "the server fails over",
            Fault::FailOverBehind => {
                "the server fails over to a standby that lacks the last statements"
            }
            Fault::StandbyStops => "the standby is cut off",
            Fault::StandbyLags => "the standby lags",
        })
    }
}

impl Fault {
    /// Whether it is about a standby.
    pub fn is_of_standby(self) -> bool {
        match self {
            Fault::FailOver | Fault::FailOverBehind | Fault::StandbyStops | Fault::StandbyLags => {
                true
            }
            Fault::Kill
            | Fault::KillDuring
            | Fault::Freeze
            | Fault::Cut
            | Fault::CutDuring
            | Fault::Garble
            | Fault::Silence
            | Fault::Slow
            | Fault::ServerCrash
            | Fault::Terminate
            | Fault::Cancel
            | Fault::Raise(_)
            | Fault::LockTable
            | Fault::IdleInTransaction
            | Fault::VacuumFull
            | Fault::SecondEngine
            | Fault::ClockJump => false,
        }
    }

    /// Whether the server ends by it, and with it what its sessions were doing.
    pub fn ends_server(self) -> bool {
        matches!(
            self,
            Fault::ServerCrash | Fault::FailOver | Fault::FailOverBehind
        )
    }
}

/// Whether there is a standby, and whether a commit waits for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Replication {
    /// There is none.
    #[default]
    None,
    /// A failover may lose what was acknowledged last.
    Asynchronous,
    /// A failover loses nothing that was acknowledged.
    Synchronous,
}

/// A fault and its place: the point, and at which time of passing it.
#[derive(Debug, Clone)]
pub struct Dealt {
    /// Where.
    pub point: Point,
    /// At which time, from 1.
    pub turn: usize,
    /// What.
    pub fault: Fault,
}

impl fmt::Display for Dealt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, time {}", self.fault, self.point, self.turn)
    }
}

/// What happens in a trial.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    /// The faults.
    pub dealt: Vec<Dealt>,
    /// What the server has of standbys.
    pub replication: Replication,
}

impl Schedule {
    /// One fault, the first time that a point is passed.
    pub fn once(point: &Point, fault: Fault) -> Schedule {
        Schedule::of(
            vec![Dealt {
                point: point.clone(),
                turn: 1,
                fault,
            }],
            false,
        )
    }

    /// The same with a standby that commits wait for.
    #[must_use]
    pub fn synchronously(self) -> Schedule {
        Schedule::of(self.dealt, true)
    }

    /// A standby is there where a fault is about it. One that commits wait for can't be left
    /// behind.
    fn of(dealt: Vec<Dealt>, synchronous: bool) -> Schedule {
        let replication = if !dealt.iter().any(|dealt| dealt.fault.is_of_standby()) {
            Replication::None
        } else if synchronous
            && !dealt
                .iter()
                .any(|dealt| dealt.fault == Fault::FailOverBehind)
        {
            Replication::Synchronous
        } else {
            Replication::Asynchronous
        };
        Schedule { dealt, replication }
    }

    /// Up to four faults at places by chance, of those that a calm run passes. The long ones are
    /// rarer.
    pub fn random(random: &mut StdRng, passed: &BTreeMap<Point, usize>) -> Schedule {
        let points: Vec<(&Point, &usize)> = passed.iter().collect();
        let count = random.random_range(1..=4);
        let mut dealt: Vec<Dealt> = Vec::new();
        while dealt.len() < count && !points.is_empty() {
            let (point, times) = points[random.random_range(0..points.len())];
            let fault = FAULTS[random.random_range(0..FAULTS.len())];
            if matches!(fault, Fault::Silence | Fault::Freeze) && !random.random_bool(0.2) {
                continue;
            }
            // An answered statement can't fail any more.
            let answered = point.answered
                && !matches!(
                    fault,
                    Fault::Raise(_) | Fault::KillDuring | Fault::CutDuring
                );
            let turn = random.random_range(1..=*times);
            dealt.push(Dealt {
                point: Point {
                    answered,
                    ..point.clone()
                },
                turn,
                fault,
            });
        }
        Schedule::of(dealt, random.random_bool(0.5))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dealt: Vec<String> = self.dealt.iter().map(ToString::to_string).collect();
        f.write_str(&dealt.join("; "))?;
        f.write_str(match self.replication {
            Replication::None | Replication::Asynchronous => "",
            Replication::Synchronous => " (a synchronous standby)",
        })
    }
}
