package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/preflight-icp/preflight/server"
	"github.com/preflight-icp/preflight/storage"
)

type keysCommand struct {
	Create keysCreateCommand `cmd:"" help:"Make an API key for a program or a person, and print it, once."`
	List   keysListCommand   `cmd:"" help:"All API keys, and the keys that encrypt."`
	Revoke keysRevokeCommand `cmd:"" help:"End an API key at once."`
	Rotate keysRotateCommand `cmd:"" help:"Make a new key that encrypts, and encrypt everything stored with it; go on where it was interrupted."`
}

// recordsFlags are the settings of a command that works on the records alone.
type recordsFlags struct {
	storageFlags
	logFlags
}

// with opens the records and hands them to do.
func (f *recordsFlags) with(ctx context.Context, std streams, do func(*storage.Records) error) (err error) {
	_, database, err := f.urls()
	if err != nil {
		return err
	}
	records, err := storage.OpenRecords(ctx, database, f.recordsOptions(quiet(f.logger(std))))
	if err != nil {
		return settingsError(err)
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	err = do(records)
	if errors.Is(err, storage.ErrNotFound) {
		return usageError("%w", err)
	}
	return err
}

// noted writes into the audit trail what an operator did at the command line.
func noted(ctx context.Context, records *storage.Records, operation, object, organization string) error {
	return records.Audit(ctx, storage.AuditEntry{
		Principal: "command line", Role: string(server.RoleOperator), Organization: organization, Operation: operation, Object: object,
		Outcome: storage.AuditGranted,
	})
}

type keysCreateCommand struct {
	recordsFlags
	Role         string        `arg:"" help:"app, reviewer or operator." enum:"app,reviewer,operator"`
	Name         string        `arg:"" help:"Whose key it is: a-z 0-9 . _ -"`
	Organization string        `help:"Whose filings it sees. Default: those of the installation's own organization." placeholder:"NAME"`
	Scopes       []string      `help:"Narrow it to these: filings:read, filings:write, review, checks, rules, revalidations, webhooks, jobs, links, audit." placeholder:"SCOPE"`
	Lasts        time.Duration `help:"How long it holds, e.g. 2160h. Default: until it is revoked." placeholder:"TIME"`
	JSON         bool          `name:"json" help:"JSON on standard output."`
}

func (keysCreateCommand) Example() string {
	return "  preflight keys create app mobile\n  preflight keys create reviewer li --organization north --lasts 2160h\n" +
		"  preflight keys create operator watch --scopes audit,jobs\n"
}

// Run makes a key.
func (c *keysCreateCommand) Run(ctx context.Context, std streams) error {
	if !server.ValidName(c.Name) || c.Organization != "" && !server.ValidName(c.Organization) {
		return usageError("a name has 1 to 63 of a-z 0-9 . _ -")
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(server.Scopes(), scope) {
			return usageError("there is no scope %q: %s", scope, strings.Join(server.Scopes(), ", "))
		}
	}
	if c.Lasts < 0 {
		return usageError("--lasts %s: it must be more than 0", c.Lasts)
	}
	return c.with(ctx, std, func(records *storage.Records) error {
		k := storage.APIKey{Name: c.Name, Role: c.Role, Organization: c.Organization, Scopes: strings.Join(c.Scopes, " "), CreatedBy: "command line"}
		if c.Lasts > 0 {
			until := time.Now().Add(c.Lasts)
			k.ExpiresAt = &until
		}
		k, token, err := records.CreateAPIKey(ctx, k)
		if err != nil {
			return err
		}
		if err := noted(ctx, records, "create-key", k.ID, k.Organization); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(std.out, struct {
				storage.APIKey
				Key string `json:"key"`
			}{k, token})
		}
		_, err = fmt.Fprintf(std.out, "%s\nkey, shown this once: %s\n", describeKey(&k), token)
		return err
	})
}

func describeKey(k *storage.APIKey) string {
	state := "valid"
	switch {
	case k.RevokedAt != nil:
		state = "revoked " + k.RevokedAt.UTC().Format(time.DateOnly)
	case k.ExpiresAt != nil:
		state = "until " + k.ExpiresAt.UTC().Format(time.DateOnly)
	}
	parts := []string{k.ID, k.Role, k.Name, state}
	if k.Organization != "" {
		parts = append(parts, "organization "+k.Organization)
	}
	if k.Scopes != "" {
		parts = append(parts, "only "+k.Scopes)
	}
	return strings.Join(parts, "  ")
}

type keysListCommand struct {
	recordsFlags
	JSON bool `name:"json" help:"JSON on standard output."`
}

func (keysListCommand) Example() string { return "  preflight keys list\n" }

// Run lists the keys.
func (c *keysListCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(records *storage.Records) error {
		list, err := records.APIKeys(ctx)
		if err != nil {
			return err
		}
		encrypting := c.keys.List()
		if c.JSON {
			return printJSON(std.out, map[string]any{"keys": list, "encryption": encrypting})
		}
		for i := range list {
			if _, err := fmt.Fprintln(std.out, describeKey(&list[i])); err != nil {
				return err
			}
		}
		for _, k := range encrypting {
			state := "decrypts"
			if k.Encrypts {
				state = "encrypts"
			}
			if _, err := fmt.Fprintf(std.out, "%s  %s, made %s\n", k.ID, state, k.MadeAt.UTC().Format(time.DateOnly)); err != nil {
				return err
			}
		}
		return nil
	})
}

type keysRevokeCommand struct {
	recordsFlags
	ID string `arg:"" help:"The key's id: see preflight keys list."`
}

func (keysRevokeCommand) Example() string {
	return "  preflight keys revoke 01976a3c-5f0e-7c3a-9d5f-000000000000\n"
}

// Run revokes a key.
func (c *keysRevokeCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(records *storage.Records) error {
		list, err := records.APIKeys(ctx)
		if err != nil {
			return err
		}
		organization := "" // whose trail tells it
		for i := range list {
			if list[i].ID == c.ID {
				organization = list[i].Organization
			}
		}
		if err := records.RevokeAPIKey(ctx, c.ID); err != nil {
			return err
		}
		return noted(ctx, records, "revoke-key", c.ID, organization)
	})
}

type keysRotateCommand struct {
	recordsFlags
	NoNewKey bool `help:"Encrypt with the newest key that there is: to go on where it was interrupted, or after a line was added where the keys come from."`
}

func (keysRotateCommand) Example() string {
	return "  preflight keys rotate\n" +
		"  preflight keys rotate --no-new-key    # interrupted: go on\n\n" +
		"The service may run meanwhile: it reads the new key when it meets it. Keep the earlier keys for the exports that they encrypted.\n"
}

// Run makes a new key and encrypts everything with it.
func (c *keysRotateCommand) Run(ctx context.Context, std streams) error {
	store, _, err := c.urls()
	if err != nil {
		return err
	}
	if c.keys == nil {
		return usageError("there are no keys: set --keys file:PATH; what is stored plain is encrypted by the first rotation")
	}
	if !c.NoNewKey {
		if _, err := c.keys.Add(time.Now()); err != nil {
			return usageError("%w", err)
		}
	}
	objects, err := storage.OpenObjects(ctx, store, c.objectsOptions())
	if err != nil {
		return settingsError(err)
	}
	defer func() { _ = objects.Close() }()
	return c.with(ctx, std, func(records *storage.Records) error {
		latest := time.Now()
		tell := func(format string, args ...any) {
			if time.Since(latest) >= plainEvery {
				latest = time.Now()
				_, _ = fmt.Fprintf(std.err, format, args...)
			}
		}
		rows, err := records.Reseal(ctx, func(r storage.Resealed) { tell("%s: %d values\n", r.Column, r.Rows) })
		if err != nil {
			return err
		}
		n, err := storage.ReencryptObjects(ctx, records, objects, func(n int64) { tell("%d objects\n", n) })
		if err != nil {
			return err
		}
		if err := noted(ctx, records, "rotate-keys", "", ""); err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "encrypted anew: %d values, %d objects\n", rows.Rows, n)
		return err
	})
}

type auditCommand struct {
	Export auditExportCommand `cmd:"" help:"The audit trail as JSON lines."`
	Verify auditVerifyCommand `cmd:"" help:"Whether the trail is whole: exit status 1 where an entry was changed or is missing."`
}

type auditExportCommand struct {
	recordsFlags
	After        int64   `help:"Only entries after this sequence." placeholder:"N"`
	Organization *string `help:"Only this organization's." placeholder:"NAME"`
}

func (auditExportCommand) Example() string {
	return "  preflight audit export > audit.jsonl\n  preflight audit export --after 12000 >> audit.jsonl\n"
}

// Run prints the trail.
func (c *auditExportCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(records *storage.Records) error {
		w := bufio.NewWriter(std.out)
		lines := json.NewEncoder(w)
		err := eachAudit(ctx, records, storage.AuditFilter{After: c.After, Organization: c.Organization}, func(e *storage.AuditEntry) error { return lines.Encode(e) })
		return errors.Join(err, flush(w))
	})
}

// eachAudit visits entries a page at a time.
func eachAudit(ctx context.Context, records *storage.Records, q storage.AuditFilter, visit func(*storage.AuditEntry) error) error {
	for q.Limit = 1000; ; {
		list, err := records.AuditEntries(ctx, q)
		if err != nil {
			return err
		}
		for i := range list {
			if err := visit(&list[i]); err != nil {
				return err
			}
			q.After = list[i].Sequence
		}
		if len(list) < q.Limit {
			return nil
		}
	}
}

type auditVerifyCommand struct {
	recordsFlags
	File string `arg:"" optional:"" help:"An export to hold against the records, or - for standard input. Default: the records alone." placeholder:"FILE"`
}

func (auditVerifyCommand) Example() string {
	return "  preflight audit verify\n  preflight audit verify - < audit.jsonl    # an export from the first entry on, kept elsewhere\n"
}

// Run follows the chain of hashes to its end.
func (c *auditVerifyCommand) Run(ctx context.Context, std streams) error {
	return c.with(ctx, std, func(records *storage.Records) error {
		var chain, kept storage.AuditChain
		if c.File != "" {
			if c.File != "-" {
				return usageError("only - is read: preflight audit verify - < %s", c.File)
			}
			lines := json.NewDecoder(std.in)
			for {
				var e storage.AuditEntry
				if err := lines.Decode(&e); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					return usageError("the export cannot be read: %w", err)
				}
				if err := kept.Add(&e); err != nil {
					return broken(std, err)
				}
			}
		}
		head, err := records.AuditHead(ctx)
		if err != nil {
			return err
		}
		differs := kept.Sequence > head.Sequence
		err = eachAudit(ctx, records, storage.AuditFilter{}, func(e *storage.AuditEntry) error {
			if e.Sequence == kept.Sequence && e.Hash != kept.Hash {
				differs = true
			}
			return chain.Add(e)
		})
		if errors.Is(err, storage.ErrAuditBroken) {
			return broken(std, err)
		}
		if err != nil {
			return err
		}
		if differs || chain.Sequence < head.Sequence {
			return broken(std, storage.ErrAuditBroken)
		}
		_, err = fmt.Fprintf(std.out, "%d entries, whole; the last hash is %s\n", chain.Sequence, chain.Hash)
		return err
	})
}

func broken(std streams, err error) error {
	_, _ = fmt.Fprintln(std.err, "preflight:", err)
	return errFails
}
