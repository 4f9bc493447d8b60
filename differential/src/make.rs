//! Cases by seed: a database, and revisions of which each statement is made from what psql left of
//! the ones before it.

use crate::Broken;
use crate::draw::{Aim, Draw};
use crate::image::{Dump, Positions, Rows, Values};
use crate::schema::{self, Size};
use crate::sql::Sql;
use crate::stage::{Database, Stage};
use crate::statement::chains::CHAINS;
use crate::statement::{self, Kind};
use crate::sweep::{self, Purpose};
use crate::world::World;
use tokio::sync::OnceCell;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// Of a hundred cases, how many end with a statement that psql refuses.
const WRONG_PERCENT: u32 = 6;

/// Of a hundred cases by chance, how many are about one table; of a hundred draws in one, how many
/// are of a whole chain.
const AIMED_PERCENT: u32 = 60;
const CHAIN_PERCENT: u32 = 30;

/// The longest that psql may take for a statement.
const PSQL_TIMEOUT: &str = "SET statement_timeout = '10s'";

/// A database that cases begin with, kept as a template.
pub struct Scene {
    /// What made it.
    pub setup: Vec<Sql>,
    /// What it holds.
    pub world: World,
    /// Nobody is connected to it.
    pub database: Database,
    /// Its schema.
    pub dump: Dump,
    /// Its rows.
    pub rows: Rows,
    /// The values of its rows, once they were asked for.
    values: OnceCell<Values>,
    /// Where its sequences stand.
    pub positions: Positions,
    /// What its cases are about.
    pub aim: Option<Aim>,
}

/// The end that psql came to.
pub struct Reference {
    /// The database.
    pub database: Database,
    /// Why it ended before its time, with the number of the statement.
    pub failed: Option<String>,
    /// What it holds then.
    pub world: World,
    /// Its schema, once it was asked for: nothing changes it any more.
    dump: OnceCell<Dump>,
}

/// Revisions, the kinds of their statements, and psql's end.
pub struct Made {
    /// The statements of each file.
    pub revisions: Vec<Vec<Sql>>,
    /// The kinds of statement, in order.
    pub kinds: Vec<&'static str>,
    /// psql's end.
    pub reference: Reference,
}

impl Scene {
    /// Makes a database from a seed.
    ///
    /// # Errors
    ///
    /// When the server can't be talked to.
    pub async fn random(stage: &Stage, seed: u64) -> Result<Scene, Broken> {
        let mut draw = Draw::new(seed);
        let size = if sweep::purpose(seed) == Purpose::Chance {
            Size::Full
        } else {
            Size::Small
        };
        let database = stage.empty().await?;
        let client = stage.connect(&database).await?;
        client.batch_execute(PSQL_TIMEOUT).await?;
        let (setup, world) = schema::make(&mut draw, size, &client, seed).await?;
        let aim = draw.aimed();
        Ok(Scene {
            aim,
            ..Scene::told(stage, setup, world, database, client).await?
        })
    }

    /// Makes a database from statements; those that the server refuses are left out.
    ///
    /// # Errors
    ///
    /// When the server can't be talked to.
    pub async fn of(stage: &Stage, setup: &[Sql]) -> Result<Scene, Broken> {
        let database = stage.empty().await?;
        let client = stage.connect(&database).await?;
        let mut made = Vec::new();
        schema::run(setup, &client, &mut made).await?;
        let world = World::read(&client).await?;
        Scene::told(stage, made, world, database, client).await
    }

    async fn told(
        stage: &Stage,
        setup: Vec<Sql>,
        world: World,
        database: Database,
        client: Client,
    ) -> Result<Scene, Broken> {
        analyze(&client).await?;
        let rows = Rows::take(&client, &[]).await?;
        let positions = Positions::take(&client).await?;
        let dump = Dump::take(stage, &database, &client, &[]).await?;
        drop(client);
        Ok(Scene {
            setup,
            world,
            database,
            dump,
            rows,
            values: OnceCell::new(),
            positions,
            aim: None,
        })
    }

    /// Runs revisions as psql does, up to the first statement that it refuses.
    ///
    /// # Errors
    ///
    /// When the server can't be talked to.
    pub async fn by_psql(
        &self,
        stage: &Stage,
        revisions: &[Vec<Sql>],
    ) -> Result<Reference, Broken> {
        let database = stage.copy(&self.database).await?;
        let client = stage.connect(&database).await?;
        client.batch_execute(PSQL_TIMEOUT).await?;
        let mut failed = None;
        for statement in revisions.iter().flatten() {
            if let Err(error) = client.batch_execute(&statement.text()).await {
                failed = Some(refusal(error)?);
                break;
            }
        }
        let world = World::read(&client).await?;
        Ok(Reference {
            database,
            failed,
            world,
            dump: OnceCell::new(),
        })
    }

    /// The values of its rows.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn values(&self, stage: &Stage) -> Result<&Values, Broken> {
        let take = async { Values::take(&stage.connect(&self.database).await?).await };
        self.values.get_or_try_init(|| take).await
    }

    /// Makes revisions from a seed, and runs them as psql does.
    ///
    /// # Errors
    ///
    /// When the server can't be talked to.
    pub async fn revisions(&self, stage: &Stage, seed: u64) -> Result<Made, Broken> {
        let mut draw = Draw::new(seed ^ 0x5eed);
        let database = stage.copy(&self.database).await?;
        let client = stage.connect(&database).await?;
        client.batch_execute(PSQL_TIMEOUT).await?;
        draw.aim(self.aim);
        let purpose = sweep::purpose(seed);
        let turn = sweep::kinds(purpose, seed, &mut draw);
        let mut making = Making {
            draw: &mut draw,
            client,
            world: self.world.clone(),
            statements: vec![],
            kinds: vec![],
        };
        let failed = match purpose {
            Purpose::Chance => making.some().await?,
            Purpose::Change(_) | Purpose::Pair(_) => making.in_turn(&turn).await?,
        };
        let Making {
            world,
            statements,
            kinds,
            ..
        } = making;
        let revisions = if failed.is_some() {
            vec![statements]
        } else {
            in_files(&mut draw, statements)
        };
        Ok(Made {
            revisions,
            kinds,
            reference: Reference {
                database,
                failed,
                world,
                dump: OnceCell::new(),
            },
        })
    }
}

impl Reference {
    /// Its schema.
    ///
    /// # Errors
    ///
    /// When `pg_dump` fails.
    pub async fn dump(&self, stage: &Stage) -> Result<&Dump, Broken> {
        let take = async {
            let client = stage.connect(&self.database).await?;
            Dump::take(stage, &self.database, &client, &[]).await
        };
        self.dump.get_or_try_init(|| take).await
    }
}

/// Most revisions are one file.
fn in_files(draw: &mut Draw, mut statements: Vec<Sql>) -> Vec<Vec<Sql>> {
    if statements.len() < 2 || !draw.chance(15) {
        return vec![statements];
    }
    let second = statements.split_off(draw.number(1, statements.len() - 1));
    vec![statements, second]
}

/// Analyzes the tables of a database, without the system's, which its template has analyzed.
async fn analyze(client: &Client) -> Result<(), Broken> {
    let sql = "SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
            AND NOT c.relispartition AND (c.relkind <> 'm' OR c.relispopulated)";
    let tables: Option<String> = client.query_one(sql, &[]).await?.get(0);
    if let Some(tables) = tables {
        client.batch_execute(&format!("ANALYZE {tables}")).await?;
    }
    Ok(())
}

/// A server's refusal; anything else is no answer, nor is that it had no time or no room for one.
fn refusal(error: tokio_postgres::Error) -> Result<String, Broken> {
    const NO_ANSWER: [&str; 3] = ["53", "57", "58"];
    match error.as_db_error() {
        Some(refused)
            if !error.is_closed()
                && !NO_ANSWER
                    .iter()
                    .any(|class| refused.code().code().starts_with(class)) =>
        {
            Ok(format!("{}: {}", refused.code().code(), refused.message()))
        }
        _ => Err(error.into()),
    }
}

/// A revision in the making.
struct Making<'a> {
    draw: &'a mut Draw,
    client: Client,
    world: World,
    statements: Vec<Sql>,
    kinds: Vec<&'static str>,
}

impl Making<'_> {
    /// Statements by chance, mostly about one table.
    async fn some(&mut self) -> Result<Option<String>, Broken> {
        let kinds: Vec<&Kind> = statement::all().collect();
        let wanted = *self
            .draw
            .weighted(
                &[(1, 20), (2, 25), (3, 20), (4, 15), (6, 12), (8, 8)],
                |(_, weight)| *weight,
            )
            .map_or(&1, |(n, _)| n);
        let wrong = self.draw.chance(WRONG_PERCENT);
        if self.draw.chance(AIMED_PERCENT) {
            self.aim_somewhere();
        }
        let mut tries = 0;
        while self.statements.len() < wanted && tries < 5 * wanted {
            tries += 1;
            if !wrong && self.draw.chance(CHAIN_PERCENT) {
                self.chain().await?;
                continue;
            }
            let by_weight = self.draw.weighted(&kinds, |kind| kind.weight).copied();
            let mistake = if wrong && self.draw.chance(40) {
                statement::called("mistake")
            } else {
                None
            };
            let Some(kind) = mistake.or(by_weight) else {
                break;
            };
            if let Some((statement, failed)) = self.try_kind(kind).await?
                && wrong
            {
                self.statements.push(statement);
                self.kinds.push(kind.name);
                return Ok(Some(failed));
            }
        }
        Ok(None)
    }

    /// What people write one behind the other, about one table.
    async fn chain(&mut self) -> Result<(), Broken> {
        let Some(chain) = self.draw.weighted(CHAINS, |chain| chain.weight) else {
            return Ok(());
        };
        self.aim_somewhere();
        for names in chain.kinds {
            let names: Vec<&str> = names.split('|').collect();
            let Some(kind) = self
                .draw
                .one(&names)
                .and_then(|name| statement::called(name))
            else {
                continue;
            };
            self.until_made(kind).await?;
        }
        Ok(())
    }

    /// Another table and column for what follows; the scene's own stays where it has one.
    fn aim_somewhere(&mut self) {
        if self
            .draw
            .aimed()
            .is_some_and(|aim| self.world.relations.iter().any(|one| one.oid == aim.table))
        {
            return;
        }
        let aim = self.draw.table(&self.world).cloned().and_then(|table| {
            let column = self.draw.plain_column(&table)?;
            Some(Aim {
                table: table.oid,
                column: column.number,
            })
        });
        self.draw.aim(aim);
    }

    /// The kinds whose turn it is.
    async fn in_turn(&mut self, kinds: &[&'static Kind]) -> Result<Option<String>, Broken> {
        self.aim_somewhere();
        for kind in kinds {
            self.until_made(kind).await?;
        }
        Ok(None)
    }

    /// Tries a kind until psql takes one, a few times.
    async fn until_made(&mut self, kind: &'static Kind) -> Result<(), Broken> {
        const TRIES: u32 = 6;
        for _ in 0..TRIES {
            let before = self.statements.len();
            self.try_kind(kind).await?;
            if self.statements.len() > before {
                break;
            }
        }
        Ok(())
    }

    /// Undoes what a statement that psql refuses leaves all the same: numbers that it took, and an
    /// index that it was building beside others. `before` is the first statement of its kind.
    async fn forget(&mut self, positions: &Positions, before: usize) -> Result<(), Broken> {
        positions.restore(&self.client).await?;
        let invalid = |world: &World| -> Vec<(String, String)> {
            let all = world
                .relations
                .iter()
                .flat_map(|one| &one.indexes)
                .filter(|one| !one.valid);
            all.map(|one| (one.schema.clone(), one.name.clone()))
                .collect()
        };
        let wanted = invalid(&self.world);
        let made: Vec<String> = self.statements[before..]
            .iter()
            .flat_map(Sql::names)
            .collect();
        let left = invalid(&World::read(&self.client).await?);
        for (schema, index) in left
            .iter()
            .filter(|one| !wanted.contains(one) && !made.contains(&one.1))
        {
            let name = Sql::marked(&crate::sql::qualified(schema, index)).text();
            self.client
                .batch_execute(&format!("DROP INDEX {name}"))
                .await?;
        }
        Ok(())
    }

    /// Makes statements of a kind and runs them; what psql refuses isn't kept, and the reason is
    /// given.
    async fn try_kind(&mut self, kind: &'static Kind) -> Result<Option<(Sql, String)>, Broken> {
        let Some(made) = kind.make(self.draw, &self.world) else {
            return Ok(None);
        };
        let (mut failed, before) = (None, self.statements.len());
        let at_start = Positions::take(&self.client).await?;
        let mut positions = at_start.clone();
        for statement in made {
            match self.client.batch_execute(&statement.text()).await {
                Ok(()) => {
                    positions = Positions::take(&self.client).await?;
                    self.statements.push(statement);
                    self.kinds.push(kind.name);
                }
                Err(error) => {
                    failed = Some((statement, error));
                    break;
                }
            }
        }
        if failed.is_some() {
            if self.statements[before..]
                .iter()
                .any(|one| one.text() == "BEGIN")
            {
                self.client.batch_execute("ROLLBACK").await?;
                self.statements.truncate(before);
                self.kinds.truncate(before);
                positions = at_start;
            }
            self.forget(&positions, before).await?;
        }
        self.world = World::read(&self.client).await?;
        Ok(match failed {
            // What takes long is left out, and proves nothing.
            Some((_, error)) if error.code() == Some(&SqlState::QUERY_CANCELED) => None,
            Some((statement, error)) => Some((statement, refusal(error)?)),
            None => None,
        })
    }
}
