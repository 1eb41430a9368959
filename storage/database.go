package storage

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
)

//go:embed migrations
var migrations embed.FS

// RecordsOptions are the settings of OpenRecords. Zero fields take the defaults.
type RecordsOptions struct {
	// CheckAfter is how long after an upload its check job becomes due, since the request that brings it checks it at
	// once; default 30 s, negative means at once. A check that is saved in time takes its job away; a job that comes too
	// early does the work twice. Due jobs are looked for every 5 s.
	CheckAfter time.Duration
	// KeyTTL is how long an idempotency key holds; default 24 h.
	KeyTTL time.Duration
	// Connections bounds the connections: of the PostgreSQL pool (default 16), or SQLite's readers (default 4).
	Connections int
	// ConnectTimeout bounds one attempt to connect to PostgreSQL, unless the URL says connect_timeout; default 5 s.
	ConnectTimeout time.Duration
	// StatementTimeout bounds one statement on PostgreSQL, unless the URL says statement_timeout, and how long SQLite
	// waits for another process that writes; default 1 min. Migrations take as long as they take.
	StatementTimeout time.Duration
	// JobAttempts is how often a check is tried before its job is given up, 1 to 25; default 10, over about 6 hours.
	JobAttempts int
	// Logger is for what the job queue has to say; default is slog.Default at level warning.
	Logger *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time
	// SkipMigrate opens the database as it is. By default OpenRecords brings it to the newest schema.
	SkipMigrate bool
	// Keys encrypt facts, measurements, findings and secrets before they leave this process; nil: they are kept as they are.
	Keys *Keys
	// Observer is told of every statement, and of what the database is busy with.
	Observer Observer
}

// Bounds of RecordsOptions. maxConnections is more than a PostgreSQL serves well; maxJobAttempts would last for weeks.
const (
	maxConnections = 1000
	minTimeout     = 100 * time.Millisecond
	maxJobAttempts = 25
)

// Validate says everything that is wrong with the options; zero fields are right.
func (o RecordsOptions) Validate() error {
	var errs []error
	if o.Connections < 0 || o.Connections > maxConnections {
		errs = append(errs, fmt.Errorf("database connections %d: 1 to %d", o.Connections, maxConnections))
	}
	if o.ConnectTimeout != 0 && o.ConnectTimeout < minTimeout {
		errs = append(errs, fmt.Errorf("database connect timeout %s: at least %s", o.ConnectTimeout, minTimeout))
	}
	if o.StatementTimeout != 0 && o.StatementTimeout < minTimeout {
		errs = append(errs, fmt.Errorf("database timeout %s: at least %s", o.StatementTimeout, minTimeout))
	}
	if o.JobAttempts < 0 || o.JobAttempts > maxJobAttempts {
		errs = append(errs, fmt.Errorf("job attempts %d: 1 to %d", o.JobAttempts, maxJobAttempts))
	}
	return errors.Join(errs...)
}

func (o RecordsOptions) withDefaults() RecordsOptions {
	if o.CheckAfter == 0 {
		o.CheckAfter = 30 * time.Second
	}
	if o.KeyTTL == 0 {
		o.KeyTTL = 24 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = time.Minute
	}
	if o.JobAttempts == 0 {
		o.JobAttempts = checkAttempts
	}
	o.Observer = o.Observer.withDefaults()
	return o
}

const (
	sqliteReaders       = 4
	postgresConnections = 16
	// idleInTransaction is after how long PostgreSQL ends a session that does nothing within a transaction.
	idleInTransaction = time.Minute
	// writeAttempts bounds how often a transaction that lost against another one is run again.
	writeAttempts = 6
	// migrationLock is the PostgreSQL advisory lock that lets one process migrate at a time; the digits of 备案 in Unicode.
	migrationLock = 0x5907_6848
)

// engine is what differs between the two databases; pool is nil on SQLite.
type engine struct {
	name string
	pool *pgxpool.Pool
}

const (
	sqliteEngine   = "sqlite"
	postgresEngine = "postgres"
)

// OpenRecords opens the database that the URL names and migrates it:
//
//	sqlite:/var/lib/preflight/preflight.db   or a plain path: a file, made when it is not there
//	postgres://user@host:5432/database       PostgreSQL 13 or newer; parameters as in libpq
//
// SQLite runs in WAL mode with synchronous=FULL, so that what was committed survives the loss of power, with one
// connection that writes and a few that read. An error never holds the URL, which may hold a password.
func OpenRecords(ctx context.Context, rawURL string, options RecordsOptions) (*Records, error) {
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	options = options.withDefaults()
	scheme, rest, found := strings.Cut(rawURL, ":")
	r := &Records{options: options}
	var err error
	switch {
	case found && (scheme == "postgres" || scheme == "postgresql"):
		err = r.openPostgres(ctx, rawURL)
	case found && scheme == "sqlite":
		err = r.openSQLite(strings.TrimPrefix(rest, "//"))
	case !found && rawURL != "", strings.HasPrefix(rawURL, "/"), strings.HasPrefix(rawURL, "."):
		err = r.openSQLite(rawURL)
	default:
		return nil, fmt.Errorf("records: %w: unknown scheme %q; use a path, sqlite:PATH or postgres://HOST/DATABASE", ErrURL, scheme)
	}
	if err == nil {
		r.worked = newWorkerMetrics()
		r.jobs, err = newJobInserter(r)
	}
	if err == nil && !options.SkipMigrate {
		err = r.Migrate(ctx)
	}
	if err == nil {
		err = r.observe()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("records: %w", err), r.Close())
	}
	return r, nil
}

func (r *Records) openSQLite(path string) error {
	if path == "" {
		return errors.New("sqlite needs a path")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// SQLite would make the file readable for everybody, and its log with the same rights as the file.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	source := func(extra string) string {
		return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
			fmt.Sprintf("?_pragma=busy_timeout(%d)", r.options.StatementTimeout.Milliseconds()) +
			"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" + extra
	}
	writer, err := sql.Open("sqlite", source("&_txlock=immediate"))
	if err != nil {
		return err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", source("&_pragma=query_only(1)"))
	if err != nil {
		return errors.Join(err, writer.Close())
	}
	readers := sqliteReaders
	if r.options.Connections > 0 {
		readers = r.options.Connections
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	r.engine = engine{name: sqliteEngine}
	r.db, r.read = bun.NewDB(writer, sqlitedialect.New()), bun.NewDB(reader, sqlitedialect.New())
	return nil
}

func (r *Records) openPostgres(ctx context.Context, rawURL string) error {
	config, err := pgxpool.ParseConfig(rawURL)
	if err != nil {
		return errors.New("the postgres URL cannot be parsed") // the library's error quotes it
	}
	config.MaxConns = postgresConnections
	if r.options.Connections > 0 {
		config.MaxConns = int32(r.options.Connections)
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = r.options.ConnectTimeout
	}
	for name, value := range map[string]string{
		"application_name":  "preflight",
		"statement_timeout": strconv.FormatInt(r.options.StatementTimeout.Milliseconds(), 10),
		// A process that hangs in the middle must not hold its locks for ever; the longest honest pause within a transaction
		// is the deletion of an object.
		"idle_in_transaction_session_timeout": strconv.FormatInt(idleInTransaction.Milliseconds(), 10),
		// All access is by key, a page at a time. From some 100,000 filings on the planner takes such pages for large ones and spends
		// three times their cost on compiling them and on workers beside.
		"jit":                             "off",
		"max_parallel_workers_per_gather": "0",
	} {
		if _, given := config.ConnConfig.RuntimeParams[name]; !given {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	db := bun.NewDB(stdlib.OpenDBFromPool(pool), pgdialect.New())
	r.engine, r.db, r.read = engine{name: postgresEngine, pool: pool}, db, db
	if err := pool.Ping(ctx); err != nil {
		return fmt.Errorf("postgres does not answer: %w", r.classify(err))
	}
	return nil
}

// observe tells the observer of every statement from now on: migrations are no work of the service's.
func (r *Records) observe() error {
	hook := newStatementHook(r.options.Observer)
	r.waited = hook.seconds.WithLabelValues(turnOperation, resultOK)
	read := r.read
	r.db = r.db.WithQueryHook(hook)
	if r.read = r.db; r.engine.name == sqliteEngine {
		r.read = read.WithQueryHook(hook)
	}
	return r.options.Observer.register(hook.seconds, newStateCollector(r), r.worked.seconds, r.worked.wait)
}

// Ping reports whether the database answers and takes writes, for /readyz: a deletion of nothing is enough for a standby or
// a file without the right to write to refuse it.
func (r *Records) Ping(ctx context.Context) error {
	_, err := r.read.NewSelect().ColumnExpr("1").Exec(ctx)
	if err == nil {
		_, err = r.db.NewDelete().Model((*deletionRow)(nil)).Where("sha256 = ''").Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("records: %w", r.classify(err))
	}
	return nil
}

// Close closes the connections. Workers must be stopped before.
func (r *Records) Close() error {
	var errs []error
	if r.db != nil {
		errs = append(errs, r.db.Close())
	}
	if r.read != nil && r.read != r.db {
		errs = append(errs, r.read.Close())
	}
	if r.engine.pool != nil {
		r.engine.pool.Close()
	}
	return errors.Join(errs...)
}

// Migrate brings the database to the newest schema, the job queue's tables included. Several processes may do it at once.
func (r *Records) Migrate(ctx context.Context) error {
	if r.engine.name == postgresEngine {
		return r.migratePostgres(ctx)
	}
	// Two processes at one SQLite file meet at a table that the other one has just made; a second look finds it made.
	err := r.migrate(ctx)
	for n := 1; n < writeAttempts && err != nil && ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(n) * 50 * time.Millisecond):
			err = r.migrate(ctx)
		}
	}
	return err
}

// migratePostgres migrates over connections of its own, on which a statement may take as long as it takes: making an index
// on a big table does, and so does waiting for another process that makes it.
func (r *Records) migratePostgres(ctx context.Context) (err error) {
	config := r.engine.pool.Config()
	config.MaxConns = 4 // the lock, a transaction, and what looks beside it
	for _, name := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		config.ConnConfig.RuntimeParams[name] = "0"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	db := bun.NewDB(stdlib.OpenDBFromPool(pool), pgdialect.New())
	m := &Records{db: db, read: db, engine: engine{name: postgresEngine, pool: pool}, options: r.options}
	defer func() { err = errors.Join(err, m.Close()) }()
	if m.jobs, err = newJobInserter(m); err != nil {
		return err
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
	}()
	return m.migrate(ctx)
}

func (r *Records) migrate(ctx context.Context) error {
	provider, err := r.migrations()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return r.jobs.migrate(ctx)
}

func (r *Records) migrations() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+r.engine.name)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	dialect := goose.DialectPostgres
	if r.engine.name == sqliteEngine {
		dialect = goose.DialectSQLite3
	}
	provider, err := goose.NewProvider(dialect, r.db.DB, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return provider, nil
}

// SchemaVersion returns the version of the database's schema, 0 where it has none yet, and the newest one that there is.
func (r *Records) SchemaVersion(ctx context.Context) (current, newest int64, err error) {
	provider, err := r.migrations()
	if err != nil {
		return 0, 0, err
	}
	if current, newest, err = provider.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("schema version: %w", r.classify(err))
	}
	return current, newest, nil
}

// now is the time as both databases keep it.
func (r *Records) now() time.Time { return r.options.Now().UTC().Truncate(time.Microsecond) }

// lock makes a query take the rows it reads until the transaction ends. SQLite has one writer at a time anyway.
func (r *Records) lock(query *bun.SelectQuery) *bun.SelectQuery {
	if r.engine.name == postgresEngine {
		return query.For("UPDATE")
	}
	return query
}

// write runs a transaction, and runs it again when it lost against another one.
func (r *Records) write(ctx context.Context, do func(ctx context.Context, tx bun.Tx) error) error {
	return r.writeInTurn(ctx, false, do)
}

// writeInTurn is write, before others where it is urgent.
func (r *Records) writeInTurn(ctx context.Context, urgent bool, do func(ctx context.Context, tx bun.Tx) error) error {
	if r.engine.name == sqliteEngine {
		begun := time.Now()
		if err := r.turns.take(ctx, urgent); err != nil {
			return fmt.Errorf("wait to write: %w", err)
		}
		defer r.turns.give()
		if r.waited != nil {
			r.waited.Observe(time.Since(begun).Seconds())
		}
	}
	for n := 1; ; n++ {
		err := r.db.RunInTx(ctx, nil, do)
		if err == nil {
			return nil
		}
		if n >= writeAttempts || ctx.Err() != nil || !lostRace(err) {
			return r.classify(err)
		}
	}
}

// PostgreSQL's and SQLite's codes for what another transaction caused: the same transaction run again sees its result.
const (
	pgSerialization, pgDeadlock, pgUnique, pgForeignKey = "40001", "40P01", "23505", "23503"
	sqliteBusy, sqliteLocked                            = 5, 6
)

func lostRace(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case pgSerialization, pgDeadlock, pgUnique, pgForeignKey:
			return true
		}
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		code := lite.Code() & 0xff
		return code == sqliteBusy || code == sqliteLocked
	}
	return false
}

// classify gives the errors of a database their place among the errors of a store. What PostgreSQL says in detail may
// quote a row, so only its message and code are kept.
func (r *Records) classify(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return fmt.Errorf("database: %s (SQLSTATE %s)", pg.Message, pg.Code)
	}
	return err
}
