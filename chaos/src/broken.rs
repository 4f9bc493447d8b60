//! What keeps a run from saying anything.

/// Why a trial ended before its oracle could speak: the machine, not the engine.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;
