package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/imaging/worker"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
	"github.com/preflight-icp/preflight/webhook"
)

// storageFlags say where filings are kept; this table is the one place of their defaults.
type storageFlags struct {
	Data     string `help:"Directory of the embedded store and database." default:"./data" env:"PREFLIGHT_DATA" placeholder:"DIR"`
	Store    string `help:"Object store: dir:PATH or s3://bucket/prefix?endpoint=URL&region=NAME. Default: objects in the data directory." env:"PREFLIGHT_STORE" placeholder:"URL"`
	Database string `help:"Records: sqlite:PATH or postgres://... Default: preflight.db in the data directory." env:"PREFLIGHT_DATABASE" placeholder:"URL"`

	Keys string `help:"Keys that encrypt what is stored: file:PATH, env:NAME, or none. Default: the file keys in the data directory, made at first start, where store and database are there too; else none." env:"PREFLIGHT_KEYS" placeholder:"SOURCE"`
	keys *storage.Keys

	S3AccessKey    string `name:"s3-access-key" help:"Access key of the S3 store." env:"PREFLIGHT_S3_ACCESS_KEY" placeholder:"KEY"`
	S3SecretKey    string `name:"s3-secret-key" help:"Secret key of the S3 store; give it by environment or file, not as a flag." env:"PREFLIGHT_S3_SECRET_KEY" placeholder:"KEY"`
	S3CreateBucket bool   `name:"s3-create-bucket" help:"Make the bucket when it is not there." env:"PREFLIGHT_S3_CREATE_BUCKET"`

	StoreAttempts    int           `help:"How often an operation of the S3 store is tried, with growing pauses, before it fails." default:"5" env:"PREFLIGHT_STORE_ATTEMPTS" placeholder:"N"`
	StoreTimeout     time.Duration `help:"How long the S3 store may think before the first byte of an answer." default:"30s" env:"PREFLIGHT_STORE_TIMEOUT" placeholder:"TIME"`
	StoreConnections int           `help:"Idle connections to the S3 store that are kept." default:"64" env:"PREFLIGHT_STORE_CONNECTIONS" placeholder:"N"`

	DatabaseConnections    int           `help:"Connections to PostgreSQL at most, or readers of SQLite; 0 is 16, or 4." default:"0" env:"PREFLIGHT_DATABASE_CONNECTIONS" placeholder:"N"`
	DatabaseConnectTimeout time.Duration `help:"Longest time for one attempt to connect to PostgreSQL." default:"5s" env:"PREFLIGHT_DATABASE_CONNECT_TIMEOUT" placeholder:"TIME"`
	DatabaseTimeout        time.Duration `help:"Longest time for one statement on PostgreSQL, and for waiting for another process that writes on SQLite." default:"1m" env:"PREFLIGHT_DATABASE_TIMEOUT" placeholder:"TIME"`
}

// urls are the store and the database, by default those in the data directory, which is made. The other settings are
// checked first.
func (f *storageFlags) urls() (store, database string, err error) {
	if err := f.validate(); err != nil {
		return "", "", usageError("settings: %w", err)
	}
	store, database = f.Store, f.Database
	if f.keys, err = f.encryption(); err != nil {
		return "", "", usageError("settings: %w", err)
	}
	if store == "" || database == "" {
		if err := os.MkdirAll(f.Data, 0o700); err != nil {
			return "", "", usageError("data directory: %w", err)
		}
	}
	if store == "" {
		store = "dir:" + filepath.Join(f.Data, "objects")
	}
	if database == "" {
		database = "sqlite:" + filepath.Join(f.Data, "preflight.db")
	}
	return store, database, nil
}

// encryption reads the keys. Where everything is in one directory the keys are there too, so that nobody has to do anything: that keeps
// what is copied elsewhere (a backup of the database, of the objects) from being read, and not the directory as a whole.
func (f *storageFlags) encryption() (*storage.Keys, error) {
	switch {
	case f.Keys == "none":
		return nil, nil
	case f.Keys != "":
		return storage.OpenKeys(f.Keys)
	case f.Store != "" || f.Database != "":
		return nil, nil
	}
	path := filepath.Join(f.Data, "keys")
	if _, err := storage.MakeKeyFile(path); err != nil {
		return nil, err
	}
	return storage.OpenKeys("file:" + path)
}

func (f *storageFlags) objectsOptions() storage.ObjectsOptions {
	return storage.ObjectsOptions{
		AccessKey: f.S3AccessKey, SecretKey: f.S3SecretKey, CreateBucket: f.S3CreateBucket,
		Retry: storage.RetryPolicy{Attempts: f.StoreAttempts}, Timeout: f.StoreTimeout, Connections: f.StoreConnections, Keys: f.keys,
	}
}

func (f *storageFlags) recordsOptions(log *slog.Logger) storage.RecordsOptions {
	return storage.RecordsOptions{
		Connections: f.DatabaseConnections, ConnectTimeout: f.DatabaseConnectTimeout, StatementTimeout: f.DatabaseTimeout, Logger: log, Keys: f.keys,
	}
}

// validate says everything that is wrong with the settings. What is 0 in an option of the storage is its default; here
// somebody wrote it.
func (f *storageFlags) validate() error {
	objects, records := f.objectsOptions(), f.recordsOptions(nil)
	return errors.Join(
		notZero("store attempts", objects.Retry.Attempts), notZero("store timeout", objects.Timeout), notZero("store connections", objects.Connections),
		notZero("database connect timeout", records.ConnectTimeout), notZero("database timeout", records.StatementTimeout),
		objects.Validate(), records.Validate(),
	)
}

func notZero[T int | time.Duration](name string, value T) error {
	if value == 0 {
		return fmt.Errorf("%s %v: it must be more than 0", name, value)
	}
	return nil
}

// logFlags say how much is logged and how.
type logFlags struct {
	LogLevel  string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"PREFLIGHT_LOG_LEVEL" placeholder:"LEVEL"`
	LogFormat string `help:"text or json." default:"text" enum:"text,json" env:"PREFLIGHT_LOG_FORMAT" placeholder:"FORMAT"`
}

// serviceFlags are the settings that `serve` and `work` share; this table is the one place of their defaults.
type serviceFlags struct {
	storageFlags

	Spool           string        `help:"Directory for uploads on their way. Default: the system's temporary directory." env:"PREFLIGHT_SPOOL" placeholder:"DIR"`
	BodyLimit       int64         `help:"Largest upload in bytes." default:"33554432" env:"PREFLIGHT_BODY_LIMIT" placeholder:"BYTES"`
	MaxUploads      int           `help:"Uploads on their way at once; one more is answered 429." default:"256" env:"PREFLIGHT_MAX_UPLOADS" placeholder:"N"`
	MaxDecoded      int64         `help:"Decoded bytes, four a pixel, that uploads may stand for at once; one more is answered 429. Default: 1 GiB for each core." env:"PREFLIGHT_MAX_DECODED" placeholder:"BYTES"`
	StoreDeadline   time.Duration `help:"Longest time for storing one upload." default:"1m" env:"PREFLIGHT_STORE_DEADLINE" placeholder:"TIME"`
	MeasureSlots    int           `help:"Pictures decoded at once, each in a worker process of its own. Default: one for each core." env:"PREFLIGHT_MEASURE_SLOTS" placeholder:"N"`
	MeasureDeadline time.Duration `help:"Longest time for measuring one picture." default:"20s" env:"PREFLIGHT_MEASURE_DEADLINE" placeholder:"TIME"`
	CheckWait       time.Duration `help:"How long an upload waits for its checks before it is answered 202." default:"5s" env:"PREFLIGHT_CHECK_WAIT" placeholder:"TIME"`
	ReadDeadline    time.Duration `help:"Longest time for reading one picture; a job tries again." default:"30s" env:"PREFLIGHT_READ_DEADLINE" placeholder:"TIME"`
	JobGrace        time.Duration `help:"How long after an upload its job may check it, when the request did not." default:"30s" env:"PREFLIGHT_JOB_GRACE" placeholder:"TIME"`
	Jobs            int           `help:"Jobs worked at once by this process; 0 leaves them to workers." default:"2" env:"PREFLIGHT_JOBS" placeholder:"N"`

	JobAttempts int           `help:"How often a job is tried, with growing pauses, before it is given up: 10 are about 6 hours." default:"10" env:"PREFLIGHT_JOB_ATTEMPTS" placeholder:"N"`
	JobTimeout  time.Duration `help:"Longest time for one attempt at a job." default:"1m" env:"PREFLIGHT_JOB_TIMEOUT" placeholder:"TIME"`
	JobRescue   time.Duration `help:"How long a job may run before its worker counts as dead and it is run again; not below the job timeout." default:"5m" env:"PREFLIGHT_JOB_RESCUE" placeholder:"TIME"`
	JobPoll     time.Duration `help:"How often the queue is looked at; 0 is 100ms on SQLite, and 1s on PostgreSQL, which tells of new jobs." default:"0s" env:"PREFLIGHT_JOB_POLL" placeholder:"TIME"`

	measuringFlags `embed:""`
	isolationFlags `embed:""`
	webhookFlags   `embed:""`

	RevalidateAt string `help:"Judge everything again each night at this time, hh:mm; a night that was missed is made up for. Default: never." env:"PREFLIGHT_REVALIDATE_AT" placeholder:"TIME"`
	TimeZone     string `help:"Whose clock --revalidate-at means." default:"Asia/Shanghai" env:"PREFLIGHT_TIME_ZONE" placeholder:"ZONE"`

	RetentionDays int `help:"Delete filings that nobody has changed for so many days, with everything of them. Default: never." default:"0" env:"PREFLIGHT_RETENTION_DAYS" placeholder:"DAYS"`

	Rules []string `help:"Folders of rule data to load beside the embedded set; the API puts one in force." env:"PREFLIGHT_RULES" placeholder:"DIR"`

	logFlags
	traceFlags
}

func (f *serviceFlags) workerOptions() storage.WorkerOptions {
	return storage.WorkerOptions{Concurrency: f.Jobs, Reads: f.Reads, Timeout: f.JobTimeout, RescueAfter: f.JobRescue, PollInterval: f.JobPoll}
}

// validate says everything that is wrong with the settings.
func (f *serviceFlags) validate() error {
	jobs := f.workerOptions()
	return errors.Join(
		f.pipelineConfig().Validate(), f.limits().Validate(), notZero("job attempts", f.JobAttempts), notZero("job timeout", jobs.Timeout),
		notZero("job rescue", jobs.RescueAfter), jobs.Validate(), storage.RecordsOptions{JobAttempts: f.JobAttempts}.Validate(),
	)
}

// night reads when the nightly pass is made; nil is never.
func (f *serviceFlags) night() (*pipeline.Night, error) {
	if f.RevalidateAt == "" {
		return nil, nil
	}
	night, err := pipeline.ParseNight(f.RevalidateAt, f.TimeZone)
	if err != nil {
		return nil, usageError("settings: %w", err)
	}
	return night, nil
}

// webhookFlags say where receivers of messages may be.
type webhookFlags struct {
	WebhookAllow []string `help:"Networks inside that receivers of webhooks may be in, e.g. 10.1.0.0/16; there http will do. Default: only the public internet, only https." env:"PREFLIGHT_WEBHOOK_ALLOW" placeholder:"NETWORK"`
}

func (f *webhookFlags) sender() (*webhook.Sender, error) {
	guard, err := webhook.NewGuard(f.WebhookAllow)
	if err != nil {
		return nil, usageError("settings: --webhook-allow: %w", err)
	}
	return webhook.NewSender(guard), nil
}

// ruleSets loads the embedded set and those of the folders, each once.
func (f *serviceFlags) ruleSets() ([]*rules.Set, error) { return loadSets(f.Rules) }

func loadSets(folders []string) ([]*rules.Set, error) {
	var sets []*rules.Set
	for _, folder := range append([]string{""}, folders...) {
		set, err := loadRules(folder)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(sets, func(s *rules.Set) bool { return s.Hash() == set.Hash() }) {
			sets = append(sets, set)
		}
	}
	return sets, nil
}

func (f *logFlags) logger(std streams) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // one of the enum
	options := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(std.err, options))
	}
	return slog.New(slog.NewTextHandler(std.err, options))
}

func (f *serviceFlags) pipelineConfig() pipeline.Config {
	cfg := pipeline.DefaultConfig()
	cfg.MaxBody, cfg.MaxUploads = f.BodyLimit, f.MaxUploads
	cfg.Retention = time.Duration(f.RetentionDays) * 24 * time.Hour
	cfg.MeasureDeadline, cfg.CheckWait, cfg.JobGrace, cfg.SpoolDir = f.MeasureDeadline, f.CheckWait, f.JobGrace, f.Spool
	cfg.StoreDeadline, cfg.MaxPixels = f.StoreDeadline, f.MaxPixels
	if f.MaxDecoded != 0 {
		cfg.MaxDecoded = f.MaxDecoded
	}
	cfg.ReadSlots, cfg.ReadDeadline = f.Reads, f.ReadDeadline
	if f.MeasureSlots != 0 {
		cfg.MeasureSlots = f.MeasureSlots
	}
	return cfg
}

// quiet passes on warnings and errors only: the job queue tells much that nobody asks for.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(quietHandler{log.Handler()}) }

type quietHandler struct{ slog.Handler }

func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}
func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}

// parts is everything that serving or working needs, opened and checked.
type parts struct {
	objects  storage.Objects
	records  *storage.Records
	pixels   *worker.Pool
	sender   *webhook.Sender
	flow     *pipeline.Pipeline
	worker   *storage.Worker
	sweep    context.CancelFunc
	sweeping sync.WaitGroup
	registry *prometheus.Registry
	log      *slog.Logger
	// traced sends what is left of the traces; nil where none are made.
	traced func(context.Context) error
}

// open checks the settings, then opens store, records, worker processes and rules, in this order; what was opened is closed again
// when a later part fails.
func (f *serviceFlags) open(ctx context.Context, log *slog.Logger) (_ *parts, err error) {
	cfg := f.pipelineConfig()
	if err := f.validate(); err != nil {
		return nil, usageError("settings: %w", err)
	}
	night, err := f.night()
	if err != nil {
		return nil, err
	}
	p := &parts{log: log, registry: prometheus.NewRegistry()}
	p.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err == nil {
			return
		}
		if errors.Is(err, storage.ErrURL) {
			err = usageError("settings: %w", err)
		}
		if closing := p.close(context.WithoutCancel(ctx)); closing != nil {
			log.Error("close after a failed start", "error", closing.Error())
		}
	}()
	if p.sender, err = f.sender(); err != nil {
		return nil, err
	}
	store, database, err := f.urls()
	if err != nil {
		return nil, err
	}
	tracer, traced, err := f.tracer(ctx, log)
	if err != nil {
		return nil, err
	}
	p.traced = traced
	observer := storage.Observer{Metrics: p.registry, Tracer: tracer}
	objects := f.objectsOptions()
	objects.Observer = observer
	if p.objects, err = storage.OpenObjects(ctx, store, objects); err != nil {
		return nil, err
	}
	records := f.recordsOptions(quiet(log))
	records.CheckAfter, records.JobAttempts, records.Observer = cfg.JobGrace, f.JobAttempts, observer
	if p.records, err = storage.OpenRecords(ctx, database, records); err != nil {
		return nil, err
	}
	if p.pixels, err = f.pool(ctx, cfg.MeasureSlots, log, p.registry); err != nil {
		return nil, err
	}
	reading := f.withoutReading(p.pixels.ReaderVersion())
	sets, err := f.ruleSets()
	if err != nil {
		return nil, err
	}
	if p.flow, err = pipeline.New(cfg, pipeline.Parts{
		Objects: p.objects, Records: p.records, Measurer: p.pixels, Analyzer: p.pixels.Version(), Renderer: p.pixels, Stitcher: p.pixels,
		RuleSets: sets, Sender: p.sender, Night: night, Log: log, Metrics: p.registry, Tracer: tracer,
		Degraded: missingModels(p.pixels),
		Reader:   p.pixels, ReaderVersion: p.pixels.ReaderVersion(), Unread: f.unread(), ReadingStatus: func() error { return reading },
	}); err != nil {
		return nil, err
	}
	p.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "preflight_build_info", Help: "1, with the versions that this process runs.",
		ConstLabels: prometheus.Labels{"version": buildVersion(), "analyzer": p.pixels.Version(), "reader": p.pixels.ReaderVersion(), "checks": checks.Version},
	}, func() float64 { return 1 }))
	if err := p.flow.FollowRules(ctx); err != nil {
		return nil, usageError("settings: %w", err)
	}
	var sweeping context.Context
	sweeping, p.sweep = context.WithCancel(ctx)
	p.sweeping.Go(func() { p.flow.Sweep(sweeping) })
	if f.Jobs > 0 {
		options := f.workerOptions()
		options.Deliver = p.flow.Deliver
		if p.pixels.ReaderVersion() != "" {
			options.Read = p.flow.Read
		}
		if p.worker, err = storage.NewWorker(p.records, options, p.flow.Work); err != nil {
			return nil, err
		}
		if err := p.worker.Start(ctx); err != nil {
			return nil, err
		}
		p.sweeping.Go(func() { p.flow.WorkRevalidations(sweeping) })
	}
	log.Info("ready to work", "version", buildVersion(), "cores", runtime.GOMAXPROCS(0), "analyzer", p.pixels.Version(), "reader", p.pixels.ReaderVersion(), "jobs", f.Jobs,
		"landlock", p.pixels.Sandbox().Landlock, "seccomp", p.pixels.Sandbox().Seccomp)
	if missing := p.pixels.Sandbox().Missing(); missing != "" {
		log.Warn("this kernel cannot take from worker processes all that they do not need: " + missing + " (docs/security.md)")
	}
	if f.keys == nil {
		log.Warn("nothing is encrypted by this service: set --keys, or have the store and the database do it (docs/privacy.md)")
	}
	if reading != nil {
		log.Warn(reading.Error())
	}
	if err := missingModels(p.pixels); err != nil {
		log.Warn(err.Error() + "; scripts/setup.sh models installs it")
	}
	return p, nil
}

// missingModels says what measuring has to do without.
func missingModels(a *worker.Pool) error {
	if a.FacesBy() == "" {
		return errors.New("no model to find faces with: handheld photos are not checked for a face")
	}
	return nil
}

// close ends the parts in the reverse order of their use: no job is begun that could not end.
func (p *parts) close(ctx context.Context) error {
	var errs []error
	if p.worker != nil {
		errs = append(errs, p.worker.Stop(ctx))
	}
	if p.sweep != nil {
		p.sweep()
		p.sweeping.Wait()
	}
	if p.flow != nil {
		p.flow.Close()
	}
	if p.records != nil {
		errs = append(errs, p.records.Close())
	}
	if p.objects != nil {
		errs = append(errs, p.objects.Close())
	}
	if p.pixels != nil {
		errs = append(errs, p.pixels.Close())
	}
	if p.sender != nil {
		p.sender.Close()
	}
	if p.traced != nil {
		errs = append(errs, p.traced(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
