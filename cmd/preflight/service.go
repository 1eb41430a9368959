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

	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/pipeline"
	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/storage"
)

// storageFlags say where filings are kept; this table is the one place of their defaults.
type storageFlags struct {
	Data     string `help:"Directory of the embedded store and database." default:"./data" env:"PREFLIGHT_DATA" placeholder:"DIR"`
	Store    string `help:"Object store: dir:PATH or s3://bucket/prefix?endpoint=URL&region=NAME. Default: objects in the data directory." env:"PREFLIGHT_STORE" placeholder:"URL"`
	Database string `help:"Records: sqlite:PATH or postgres://... Default: preflight.db in the data directory." env:"PREFLIGHT_DATABASE" placeholder:"URL"`

	S3AccessKey    string `name:"s3-access-key" help:"Access key of the S3 store." env:"PREFLIGHT_S3_ACCESS_KEY" placeholder:"KEY"`
	S3SecretKey    string `name:"s3-secret-key" help:"Secret key of the S3 store; give it by environment or file, not as a flag." env:"PREFLIGHT_S3_SECRET_KEY" placeholder:"KEY"`
	S3CreateBucket bool   `name:"s3-create-bucket" help:"Make the bucket when it is not there." env:"PREFLIGHT_S3_CREATE_BUCKET"`
}

// urls are the store and the database, by default those in the data directory, which is made.
func (f *storageFlags) urls() (store, database string, err error) {
	store, database = f.Store, f.Database
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

func (f *storageFlags) objectsOptions() storage.ObjectsOptions {
	return storage.ObjectsOptions{AccessKey: f.S3AccessKey, SecretKey: f.S3SecretKey, CreateBucket: f.S3CreateBucket}
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
	MeasureSlots    int           `help:"Pictures decoded at once. Default: one for each core." env:"PREFLIGHT_MEASURE_SLOTS" placeholder:"N"`
	MeasureDeadline time.Duration `help:"Longest time for measuring one picture." default:"20s" env:"PREFLIGHT_MEASURE_DEADLINE" placeholder:"TIME"`
	CheckWait       time.Duration `help:"How long an upload waits for its checks before it is answered 202." default:"5s" env:"PREFLIGHT_CHECK_WAIT" placeholder:"TIME"`
	JobGrace        time.Duration `help:"How long after an upload its job may check it, when the request did not." default:"30s" env:"PREFLIGHT_JOB_GRACE" placeholder:"TIME"`
	Jobs            int           `help:"Jobs worked at once by this process; 0 leaves them to workers." default:"2" env:"PREFLIGHT_JOBS" placeholder:"N"`

	measuringFlags `embed:""`

	Rules []string `help:"Folders of rule data to load beside the embedded set; the API puts one in force." env:"PREFLIGHT_RULES" placeholder:"DIR"`

	logFlags
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
	cfg.MeasureDeadline, cfg.CheckWait, cfg.JobGrace, cfg.SpoolDir = f.MeasureDeadline, f.CheckWait, f.JobGrace, f.Spool
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
	analyzer *imaging.Analyzer
	flow     *pipeline.Pipeline
	worker   *storage.Worker
	sweep    context.CancelFunc
	sweeping sync.WaitGroup
	registry *prometheus.Registry
	log      *slog.Logger
}

// open checks the settings, then opens store, records, decoder and rules, in this order; what was opened is closed again
// when a later part fails.
func (f *serviceFlags) open(ctx context.Context, log *slog.Logger) (_ *parts, err error) {
	cfg := f.pipelineConfig()
	if err := cfg.Validate(); err != nil {
		return nil, usageError("settings: %w", err)
	}
	if f.Jobs < 0 {
		return nil, usageError("settings: jobs at once %d: 0 or more", f.Jobs)
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
	store, database, err := f.urls()
	if err != nil {
		return nil, err
	}
	if p.objects, err = storage.OpenObjects(ctx, store, f.objectsOptions()); err != nil {
		return nil, err
	}
	if p.records, err = storage.OpenRecords(ctx, database, storage.RecordsOptions{CheckAfter: cfg.JobGrace, Logger: quiet(log)}); err != nil {
		return nil, err
	}
	if p.analyzer, err = f.analyzer(); err != nil {
		return nil, err
	}
	sets, err := f.ruleSets()
	if err != nil {
		return nil, err
	}
	if p.flow, err = pipeline.New(cfg, pipeline.Parts{
		Objects: p.objects, Records: p.records, Measurer: p.analyzer, Analyzer: p.analyzer.Version(), Renderer: p.analyzer,
		RuleSets: sets, Log: log, Metrics: p.registry,
	}); err != nil {
		return nil, err
	}
	if err := p.flow.FollowRules(ctx); err != nil {
		return nil, usageError("settings: %w", err)
	}
	var sweeping context.Context
	sweeping, p.sweep = context.WithCancel(ctx)
	p.sweeping.Go(func() { p.flow.Sweep(sweeping) })
	if f.Jobs > 0 {
		if p.worker, err = storage.NewWorker(p.records, storage.WorkerOptions{Concurrency: f.Jobs}, p.flow.Work); err != nil {
			return nil, err
		}
		if err := p.worker.Start(ctx); err != nil {
			return nil, err
		}
		p.sweeping.Go(func() { p.flow.WorkRevalidations(sweeping) })
	}
	log.Info("ready to work", "version", buildVersion(), "cores", runtime.GOMAXPROCS(0), "analyzer", p.analyzer.Version(), "jobs", f.Jobs)
	if p.analyzer.FacesBy() == "" {
		log.Warn("no model to find faces with: handheld photos are not checked for a face; scripts/setup.sh models installs it")
	}
	return p, nil
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
	if p.analyzer != nil {
		errs = append(errs, p.analyzer.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
