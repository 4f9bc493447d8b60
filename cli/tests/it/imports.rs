//! Histories of other tools, made by those tools: what they make of a database and what we make of
//! their history is the same.

use crate::fixture::{Said, Site, said};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `./dev setup` puts them.
fn peers() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/peers")
        .canonicalize();
    folder.expect("the other tools, which `./dev test` installs into target/peers")
}

/// A program in a folder, with the other tools within reach.
fn program(folder: &Path, program: &str, words: &[&str], more: &[(&str, &str)]) -> Said {
    let mut command = Command::new(program);
    command.args(words).current_dir(folder);
    within_reach(&mut command).envs(more.iter().copied());
    said(
        &command
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}")),
    )
}

fn within_reach(command: &mut Command) -> &mut Command {
    let (python, node) = (
        peers().join("python"),
        peers().join("node/node_modules/.bin"),
    );
    let path = format!(
        "{}:{}:{}",
        python.join("bin").display(),
        node.display(),
        std::env::var("PATH").unwrap()
    );
    command.env("PATH", path).env("PYTHONPATH", python)
}

/// The command, with the other tools within reach.
fn import(site: &Site, words: &[&str]) -> Said {
    let mut command = site.command(words);
    said(&within_reach(&mut command).output().unwrap())
}

/// A database URL as Python's and Node's drivers read it.
fn url_of(site: &Site, database: &str) -> String {
    format!(
        "postgresql://postgres@127.0.0.1:{}/{database}",
        site.server.port()
    )
}

/// The schema without the other tool's own table.
fn schema_without(site: &Site, database: &str, table: &str) -> String {
    let dump = site.server.dump_schema(database).unwrap();
    let mut kept = Vec::new();
    let mut inside = false;
    for line in dump.lines() {
        inside |= line.contains(table);
        if !inside {
            kept.push(line);
        }
        inside &= !line.ends_with(';');
    }
    kept.join("\n")
}

/// Body, file words and parents of twelve revisions, with a branch, a merge and one that does
/// nothing.
const ALEMBIC: [(&str, &str, &str, &str, &str); 12] = [
    (
        "a01",
        "None",
        "accounts",
        "op.create_table('accounts', sa.Column('id', sa.Integer, primary_key=True), sa.Column('email', sa.String(100), nullable=False))",
        "op.drop_table('accounts')",
    ),
    (
        "a02",
        "'a01'",
        "email index",
        "op.create_index('ix_accounts_email', 'accounts', ['email'], unique=True)",
        "op.drop_index('ix_accounts_email')",
    ),
    (
        "a03",
        "'a02'",
        "leads",
        "op.create_table('leads', sa.Column('id', sa.Integer, primary_key=True), sa.Column('account_id', sa.Integer, sa.ForeignKey('accounts.id', name='leads_account')), sa.Column('status', sa.String(20), server_default='new'))",
        "op.drop_table('leads')",
    ),
    (
        "a04",
        "'a03'",
        "rows",
        "op.execute(\"INSERT INTO accounts (email) VALUES ('a; -- b'), ('c')\")",
        "op.execute('DELETE FROM accounts')",
    ),
    (
        "a05",
        "'a04'",
        "status enum",
        "op.execute(\"CREATE TYPE lead_status AS ENUM ('new', 'won')\"); op.execute('ALTER TABLE leads ALTER COLUMN status DROP DEFAULT'); op.execute('ALTER TABLE leads ALTER COLUMN status TYPE lead_status USING status::lead_status'); op.execute(\"ALTER TABLE leads ALTER COLUMN status SET DEFAULT 'new'\")",
        "op.execute('ALTER TABLE leads ALTER COLUMN status DROP DEFAULT'); op.execute('ALTER TABLE leads ALTER COLUMN status TYPE varchar(20) USING status::text'); op.execute(\"ALTER TABLE leads ALTER COLUMN status SET DEFAULT 'new'\"); op.execute('DROP TYPE lead_status')",
    ),
    (
        "b06",
        "'a05'",
        "left",
        "op.add_column('leads', sa.Column('score', sa.Integer, server_default='0', nullable=False))",
        "op.drop_column('leads', 'score')",
    ),
    (
        "c06",
        "'a05'",
        "right",
        "op.add_column('accounts', sa.Column('name', sa.Text))",
        "op.drop_column('accounts', 'name')",
    ),
    ("d07", "('b06', 'c06')", "merge", "pass", "pass"),
    (
        "a08",
        "'d07'",
        "check",
        "op.create_check_constraint('positive', 'leads', 'score >= 0')",
        "op.drop_constraint('positive', 'leads')",
    ),
    (
        "a09",
        "'a08'",
        "unique",
        "op.create_unique_constraint('one_lead', 'leads', ['account_id', 'status'])",
        "op.drop_constraint('one_lead', 'leads')",
    ),
    (
        "a10",
        "'a09'",
        "fill",
        "op.execute('UPDATE accounts SET name = email WHERE name IS NULL'); op.alter_column('accounts', 'name', nullable=False)",
        "op.alter_column('accounts', 'name', nullable=True)",
    ),
    ("a11", "'a10'", "nothing", "pass", "pass"),
];

fn alembic_project(folder: &Path, url: &str) {
    program(folder, "alembic", &["init", "changes"], &[]).ends(0);
    let ini = folder.join("alembic.ini");
    let text = std::fs::read_to_string(&ini)
        .unwrap()
        .replace("driver://user:pass@localhost/dbname", url);
    std::fs::write(&ini, text).unwrap();
    for (id, before, title, up, down) in ALEMBIC {
        let file = folder.join(format!(
            "changes/versions/{id}_{}.py",
            title.replace(' ', "_")
        ));
        let text = format!(
            "\"\"\"{title}\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision = '{id}'\ndown_revision = {before}\n\
             branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    {up}\n\n\ndef downgrade():\n    {down}\n"
        );
        std::fs::write(file, text).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alembic_project_ends_in_the_same_schema_and_goes_on() {
    let site = Site::new("", &[]).await;
    site.server.create_database("theirs", None).await.unwrap();
    let project = tempfile::tempdir().unwrap();
    alembic_project(project.path(), &url_of(&site, "theirs"));
    program(project.path(), "alembic", &["upgrade", "head"], &[]).ends(0);
    let theirs = schema_without(&site, "theirs", "alembic_version");

    import(
        &site,
        &["import", "alembic", project.path().to_str().unwrap()],
    )
    .ends(0)
    .says("a02_email_index.sql");
    site.run(&["history"])
        .ends(0)
        .says("b06_left, c06_right -> d07_merge");
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(site.schema(), theirs);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM accounts WHERE name = email")
            .await,
        2
    );
    // Their way back, and up once more.
    site.run(&["downgrade", "a02", "--contract"]).ends(0);
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(site.schema(), theirs);

    // A database that Alembic has brought half way is taken over where it is.
    program(project.path(), "alembic", &["downgrade", "a05"], &[]).ends(0);
    let folder = site.folder.path().join("again");
    let words = [
        "--url",
        &url_of(&site, "theirs"),
        "--revisions",
        folder.to_str().unwrap(),
    ];
    let with = |more: &[&str]| import(&site, &[&words[..], more].concat());
    with(&[
        "import",
        "alembic",
        project.path().to_str().unwrap(),
        "--stamp",
    ])
    .ends(0)
    .says("a05_status_enum");
    with(&["current"]).ends(0).says("a05_status_enum (applied)");
    with(&["upgrade", "--contract"]).ends(0);
    assert_eq!(schema_without(&site, "theirs", "alembic_version"), theirs);
    with(&["import", "alembic", project.path().to_str().unwrap()])
        .ends(1)
        .says("is there already");

    // From a script alone, where there is no Alembic.
    let script = program(
        project.path(),
        "alembic",
        &["upgrade", "head", "--sql"],
        &[],
    )
    .ends(0)
    .out;
    std::fs::write(site.folder.path().join("up.sql"), script).unwrap();
    site.run(&["--revisions", "scripted", "import", "alembic", "up.sql"])
        .ends(0);
    let merge = std::fs::read_to_string(site.folder.path().join("scripted/d07.sql")).unwrap();
    assert_eq!(merge, "-- revises: b06, c06\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_django_app_ends_in_the_same_schema() {
    let site = Site::new("", &[]).await;
    site.server.create_database("theirs", None).await.unwrap();
    let project = tempfile::tempdir().unwrap();
    let settings = format!(
        "SECRET_KEY = 'x'\nINSTALLED_APPS = ['crm']\nDEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n\
         DATABASES = {{'default': {{'ENGINE': 'django.db.backends.postgresql', 'NAME': 'theirs', 'USER': 'postgres', 'HOST': '127.0.0.1', 'PORT': {}}}}}\n",
        site.server.port()
    );
    std::fs::create_dir_all(project.path().join("crm/migrations")).unwrap();
    for (path, text) in [
        ("settings.py", settings.as_str()),
        ("crm/__init__.py", ""),
        ("crm/migrations/__init__.py", ""),
    ] {
        std::fs::write(project.path().join(path), text).unwrap();
    }
    let env = [("DJANGO_SETTINGS_MODULE", "settings")];
    let django = |words: &[&str]| {
        program(
            project.path(),
            "python3",
            &[&["-m", "django"], words, &["--pythonpath", "."]].concat(),
            &env,
        )
    };
    let account = "from django.db import models\n\n\nclass Account(models.Model):\n    email = models.CharField(max_length=100, unique=True)\n";
    let lead = "\n\nclass Lead(models.Model):\n    account = models.ForeignKey(Account, on_delete=models.CASCADE)\n    score = models.IntegerField(default=0)\n\n    \
                class Meta:\n        indexes = [models.Index(fields=['score'])]\n        constraints = [models.CheckConstraint(check=models.Q(score__gte=0), name='positive')]\n";
    for (models, name) in [
        (account.to_owned(), "accounts"),
        (format!("{account}{lead}"), "leads"),
    ] {
        std::fs::write(project.path().join("crm/models.py"), models).unwrap();
        django(&["makemigrations", "crm", "--name", name]).ends(0);
    }
    let folder = project.path().join("dumped");
    std::fs::create_dir(&folder).unwrap();
    for name in ["0001_accounts", "0002_leads"] {
        let sql = django(&["sqlmigrate", "crm", name]).ends(0).out;
        std::fs::write(folder.join(format!("{name}.sql")), sql).unwrap();
    }
    django(&["migrate"]).ends(0);
    site.run(&["import", "folder", folder.to_str().unwrap()])
        .ends(0);
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(
        site.schema(),
        schema_without(&site, "theirs", "django_migrations")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_project_ends_in_the_same_schema_and_is_taken_over() {
    let site = Site::new("", &[]).await;
    site.server.create_database("theirs", None).await.unwrap();
    let project = tempfile::tempdir().unwrap();
    std::fs::create_dir(project.path().join("migrations")).unwrap();
    for (name, up, down) in [
        (
            "1700000000001_leads",
            "CREATE TABLE leads (id serial PRIMARY KEY, email text NOT NULL);",
            "DROP TABLE leads;",
        ),
        (
            "1700000000002_index",
            "CREATE INDEX leads_email ON leads (email);",
            "DROP INDEX leads_email;",
        ),
    ] {
        let text = format!("-- Up Migration\n{up}\n\n-- Down Migration\n{down}\n");
        std::fs::write(project.path().join(format!("migrations/{name}.sql")), text).unwrap();
    }
    let url = url_of(&site, "theirs");
    program(
        project.path(),
        "node-pg-migrate",
        &["up"],
        &[("DATABASE_URL", url.as_str())],
    )
    .ends(0);
    let folder = project.path().join("migrations");
    site.run(&["import", "folder", folder.to_str().unwrap()])
        .ends(0);
    site.run(&["upgrade"]).ends(0);
    assert_eq!(
        site.schema(),
        schema_without(&site, "theirs", "pgmigrations")
    );
    let there = ["--url", &url, "--revisions", "again"];
    site.run(
        &[
            &there[..],
            &["import", "folder", folder.to_str().unwrap(), "--stamp"],
        ]
        .concat(),
    )
    .ends(0);
    site.run(&[&there[..], &["upgrade"]].concat()).ends(0);
    site.run(&[&there[..], &["current"]].concat())
        .ends(0)
        .says("1700000000002_index (applied)");
}
