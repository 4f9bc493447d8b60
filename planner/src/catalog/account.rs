//! What becomes of everything that the catalogs say of a column, when another column takes its
//! place. A server whose catalogs have a column that isn't listed here is one of which we don't
//! know what would be lost.

/// What becomes of one column of a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It says which object it is, and where that belongs: the new one has its own.
    Place,
    /// The new object is given the same.
    Carried,
    /// It follows from what is carried, or is PostgreSQL's own account.
    Derived,
    /// ALTER TYPE sets it to what the new type has, and so does a new column.
    Reset,
    /// Where it is set, the change is refused before it begins.
    Refused,
}

/// Each catalog's columns by what becomes of them. Rows of `pg_depend` that name a column and come
/// from a catalog that isn't listed are refused by their description.
pub const ACCOUNT: &[(&str, Fate, &[&str])] = &[
    (
        "pg_attribute",
        Fate::Place,
        &["attrelid", "attname", "attnum"],
    ),
    (
        "pg_attribute",
        Fate::Carried,
        &[
            "attstattarget",
            "attnotnull",
            "attidentity",
            "attacl",
            "attoptions",
            "attcollation",
        ],
    ),
    (
        "pg_attribute",
        Fate::Derived,
        &[
            "attcacheoff",
            "atthasdef",
            "atthasmissing",
            "attmissingval",
            "attisdropped",
            "attlen",
            "attbyval",
            "attalign",
        ],
    ),
    (
        "pg_attribute",
        Fate::Reset,
        &[
            "atttypid",
            "atttypmod",
            "attndims",
            "attstorage",
            "attcompression",
        ],
    ),
    (
        "pg_attribute",
        Fate::Refused,
        &["attgenerated", "attinhcount", "attislocal", "attfdwoptions"],
    ),
    ("pg_attrdef", Fate::Place, &["oid", "adrelid", "adnum"]),
    ("pg_attrdef", Fate::Carried, &["adbin"]),
    ("pg_index", Fate::Place, &["indexrelid", "indrelid"]),
    (
        "pg_index",
        Fate::Carried,
        &[
            "indnatts",
            "indnkeyatts",
            "indisunique",
            "indnullsnotdistinct",
            "indisprimary",
            "indimmediate",
            "indisclustered",
            "indisreplident",
            "indkey",
            "indcollation",
            "indclass",
            "indoption",
            "indexprs",
            "indpred",
        ],
    ),
    (
        "pg_index",
        Fate::Derived,
        &["indisvalid", "indcheckxmin", "indisready", "indislive"],
    ),
    ("pg_index", Fate::Refused, &["indisexclusion"]),
    (
        "pg_constraint",
        Fate::Place,
        &["oid", "conname", "connamespace", "conrelid", "contypid"],
    ),
    (
        "pg_constraint",
        Fate::Carried,
        &[
            "contype",
            "condeferrable",
            "condeferred",
            "convalidated",
            "conenforced",
            "confrelid",
            "confupdtype",
            "confdeltype",
            "confmatchtype",
            "connoinherit",
            "conkey",
            "confkey",
            "confdelsetcols",
            "conbin",
            "conperiod",
        ],
    ),
    (
        "pg_constraint",
        Fate::Derived,
        &[
            "conindid",
            "conparentid",
            "conislocal",
            "coninhcount",
            "conpfeqop",
            "conppeqop",
            "conffeqop",
        ],
    ),
    ("pg_constraint", Fate::Refused, &["conexclop"]),
    (
        "pg_statistic_ext",
        Fate::Place,
        &["oid", "stxrelid", "stxname", "stxnamespace", "stxowner"],
    ),
    (
        "pg_statistic_ext",
        Fate::Carried,
        &["stxkeys", "stxkind", "stxexprs"],
    ),
    ("pg_statistic_ext", Fate::Reset, &["stxstattarget"]),
    ("pg_sequence", Fate::Place, &["seqrelid"]),
    (
        "pg_sequence",
        Fate::Carried,
        &[
            "seqtypid",
            "seqstart",
            "seqincrement",
            "seqmax",
            "seqmin",
            "seqcache",
            "seqcycle",
        ],
    ),
    ("pg_trigger", Fate::Refused, &["tgattr", "tgqual"]),
    (
        "pg_trigger",
        Fate::Place,
        &[
            "oid",
            "tgrelid",
            "tgparentid",
            "tgname",
            "tgfoid",
            "tgtype",
            "tgenabled",
            "tgisinternal",
            "tgconstrrelid",
            "tgconstrindid",
            "tgconstraint",
            "tgdeferrable",
            "tginitdeferred",
            "tgnargs",
            "tgargs",
            "tgoldtable",
            "tgnewtable",
        ],
    ),
    ("pg_policy", Fate::Refused, &["polqual", "polwithcheck"]),
    (
        "pg_policy",
        Fate::Place,
        &[
            "oid",
            "polname",
            "polrelid",
            "polcmd",
            "polpermissive",
            "polroles",
        ],
    ),
    ("pg_rewrite", Fate::Refused, &["ev_qual", "ev_action"]),
    (
        "pg_rewrite",
        Fate::Place,
        &[
            "oid",
            "rulename",
            "ev_class",
            "ev_type",
            "ev_enabled",
            "is_instead",
        ],
    ),
    ("pg_publication_rel", Fate::Refused, &["prqual", "prattrs"]),
    (
        "pg_publication_rel",
        Fate::Place,
        &["oid", "prpubid", "prrelid"],
    ),
    (
        "pg_partitioned_table",
        Fate::Refused,
        &[
            "partattrs",
            "partclass",
            "partcollation",
            "partexprs",
            "partstrat",
            "partnatts",
        ],
    ),
    (
        "pg_partitioned_table",
        Fate::Place,
        &["partrelid", "partdefid"],
    ),
    (
        "pg_description",
        Fate::Place,
        &["objoid", "classoid", "objsubid"],
    ),
    ("pg_description", Fate::Carried, &["description"]),
    (
        "pg_seclabel",
        Fate::Place,
        &["objoid", "classoid", "objsubid"],
    ),
    ("pg_seclabel", Fate::Refused, &["provider", "label"]),
    (
        "pg_depend",
        Fate::Derived,
        &[
            "classid",
            "objid",
            "objsubid",
            "refclassid",
            "refobjid",
            "refobjsubid",
            "deptype",
        ],
    ),
    (
        "pg_shdepend",
        Fate::Derived,
        &[
            "dbid",
            "classid",
            "objid",
            "objsubid",
            "refclassid",
            "refobjid",
            "deptype",
        ],
    ),
];

/// What becomes of a column of a catalog; nothing where that isn't known.
pub fn fate(catalog: &str, column: &str) -> Option<Fate> {
    let (_, fate, _) = ACCOUNT
        .iter()
        .find(|(of, _, columns)| *of == catalog && columns.contains(&column))?;
    Some(*fate)
}
