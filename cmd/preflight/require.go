package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/rules"
)

type requireCommand struct {
	Facts []string `arg:"" help:"Files of facts, YAML or JSON, one set or many (documents, JSON lines); - is standard input."`
	Rules string   `help:"Folder of rule data in place of the embedded set." placeholder:"DIR" type:"existingdir"`
	JSON  bool     `name:"json" help:"JSON on standard output: one document, or one line for each of many sets."`
	Lang  string   `help:"zh or en. Default: from the locale." enum:",zh,en" default:"" placeholder:"LANG"`
}

func (requireCommand) Example() string {
	return "  preflight require facts.yaml\n" +
		"  echo '{\"province\":\"BJ\",\"action\":\"new\",\"applicant\":{\"type\":\"individual\"}}' | preflight require --json -\n"
}

// Run answers every set of facts in the order of the call. Exit status: 2 when a set is not valid, else 1 when something
// blocks a filing.
func (c *requireCommand) Run(ctx context.Context, std streams) error {
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(std.out, 1<<16)
	r := requirer{set: set, json: c.JSON, lang: languageOf(c.Lang, std), out: out}
	for i, name := range c.Facts {
		if err := r.file(ctx, name, std.in, len(c.Facts) > 1 || i > 0); err != nil {
			_ = out.Flush()
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	switch {
	case r.bad > 0 && r.first != nil && !c.JSON:
		return &failure{exitUsage, r.first}
	case r.bad > 0:
		return &failure{exitUsage, fmt.Errorf("%d of %d sets of facts are not valid", r.bad, r.sets)}
	case r.blocked > 0:
		return errFails
	}
	return nil
}

// loadRules loads a folder of rule data, or the embedded set.
func loadRules(folder string) (*rules.Set, error) {
	if folder == "" {
		return rules.Load(rules.Embedded())
	}
	set, err := rules.Load(os.DirFS(folder))
	if err != nil {
		return nil, usageError("rules: %w", err)
	}
	return set, nil
}

// factsText is one set of facts as it was found.
type factsText struct {
	line int
	text []byte
	node *yaml.Node // of a YAML document; text is empty then
	err  error      // what kept it from being read
}

// requirer answers sets of facts on all cores and prints the answers in order.
type requirer struct {
	set  *rules.Set
	json bool
	lang string
	out  *bufio.Writer

	sets, bad, blocked int
	first              error
}

// batch is a run of sets that one core answers; ready is closed when answers hold what is to be printed.
type batch struct {
	texts   []factsText
	answers []answered
	ready   chan struct{}
}

type answered struct {
	printed []byte
	err     error
	blocked bool
}

// Batches keep the cores busy without keeping much in memory: a set is a few KB.
const (
	batchSets     = 128
	batchesQueued = 8
	// outcomeBytes is what most outcomes take when they are printed.
	outcomeBytes = 8 << 10
)

func (r *requirer) file(ctx context.Context, name string, stdin io.Reader, several bool) error {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return usageError("%w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	next, err := readFacts(bufio.NewReaderSize(in, 1<<16))
	if err != nil {
		return usageError("%s: %w", name, err)
	}
	// Whether there are several sets decides how they are printed, so two are read before the first is answered.
	one, ok := next()
	if !ok {
		return usageError("%s: there are no facts in it", name)
	}
	two, more := next()
	if !more {
		b := &batch{texts: []factsText{one}}
		r.answer(b, !several)
		return r.print(b)
	}
	return r.many(ctx, one, two, next)
}

func (r *requirer) many(ctx context.Context, one, two factsText, next func() (factsText, bool)) error {
	order, work := make(chan *batch, batchesQueued), make(chan *batch, batchesQueued)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for b := range work {
				r.answer(b, false)
				close(b.ready)
			}
		})
	}
	workers.Go(func() {
		defer close(order)
		defer close(work)
		texts := []factsText{one, two}
		for {
			t, more := next()
			if more {
				texts = append(texts, t)
			}
			if len(texts) >= batchSets || (!more && len(texts) > 0) {
				b := &batch{texts: texts, ready: make(chan struct{})}
				texts = nil
				select {
				case order <- b:
				case <-ctx.Done():
					return
				}
				work <- b
			}
			if !more || ctx.Err() != nil {
				return
			}
		}
	})
	var failed error
	for b := range order {
		<-b.ready
		if failed == nil {
			failed = r.print(b)
		}
	}
	workers.Wait()
	if failed == nil && ctx.Err() != nil {
		return &failure{exitInternal, errors.New("interrupted")}
	}
	return failed
}

// answer judges the sets of a batch and prints each into its own buffer.
func (r *requirer) answer(b *batch, alone bool) {
	b.answers = make([]answered, len(b.texts))
	for i := range b.texts {
		b.answers[i] = r.one(&b.texts[i], alone)
	}
}

func (r *requirer) one(t *factsText, alone bool) answered {
	var facts *filing.Facts
	err := t.err
	switch {
	case err != nil:
	case t.node != nil:
		facts, err = filing.ParseFactsNode(t.node)
	default:
		facts, err = filing.ParseFacts(t.text)
	}
	if err != nil {
		a := answered{err: err}
		if r.json {
			a.printed = printFactsError(t.line, err)
		} else {
			a.printed = fmt.Appendf(nil, "%d: %v\n", t.line, err)
		}
		return a
	}
	outcome := r.set.Evaluate(facts)
	a := answered{blocked: len(outcome.Blockers) > 0}
	var buf bytes.Buffer
	switch {
	case !r.json:
		printOutcome(&buf, outcome, facts, r.lang)
	case alone:
		a.err = json.Indent(&buf, outcome.AppendJSON(nil), "", "  ")
		buf.WriteByte('\n')
	default:
		a.printed = append(outcome.AppendJSON(make([]byte, 0, outcomeBytes)), '\n')
		return a
	}
	a.printed = buf.Bytes()
	return a
}

func (r *requirer) print(b *batch) error {
	for _, a := range b.answers {
		r.sets++
		if a.err != nil {
			if r.bad++; r.first == nil {
				r.first = a.err
			}
		}
		if a.blocked {
			r.blocked++
		}
		if a.err != nil && !r.json {
			continue // it is said on standard error at the end
		}
		if _, err := r.out.Write(a.printed); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}

// printFactsError prints what is wrong with one set; values are in it only where filing lets them.
func printFactsError(line int, err error) []byte {
	type body struct {
		Code   string             `json:"code"`
		Errors []filing.FactError `json:"errors,omitempty"`
		Detail string             `json:"detail,omitempty"`
	}
	e := body{Code: "invalid_facts"}
	var list filing.FactErrors
	if errors.As(err, &list) {
		e.Errors = list
	} else {
		e.Detail = err.Error()
	}
	text, err := json.Marshal(struct {
		Line  int  `json:"line"`
		Error body `json:"error"`
	}{line, e})
	if err != nil {
		text = fmt.Appendf(nil, `{"line":%d,"error":{"code":"invalid_facts"}}`, line)
	}
	return append(text, '\n')
}

// readFacts finds out what is given, JSON lines, JSON documents or YAML documents, by its first line, and returns a
// function that gives one set after the other.
func readFacts(in *bufio.Reader) (func() (factsText, bool), error) {
	head, err := in.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("read: %w", err)
	}
	const byteOrderMark = "\ufeff"
	if bytes.HasPrefix(head, []byte(byteOrderMark)) {
		if _, err := in.Discard(len(byteOrderMark)); err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
		head = head[len(byteOrderMark):]
	}
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	if !bytes.HasPrefix(trimmed, []byte("{")) {
		return yamlDocuments(in), nil
	}
	if line, _, found := bytes.Cut(trimmed, []byte("\n")); json.Valid(line) || !found && len(head) >= 1<<16 {
		return jsonLines(in), nil
	}
	return jsonDocuments(in), nil
}

// jsonLines gives one set for each line that is not blank. A line longer than facts may be is told and passed over.
func jsonLines(in *bufio.Reader) func() (factsText, bool) {
	line := 0
	return func() (factsText, bool) {
		for {
			text, err := readLine(in, filing.MaxFactsBytes)
			line++
			if len(bytes.TrimSpace(text)) > 0 {
				return factsText{line: line, text: text}, true
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					return factsText{}, false
				}
				return factsText{line: line, err: fmt.Errorf("read: %w", err)}, true
			}
		}
	}
}

// readLine reads a line of any length and keeps limit+1 bytes of it, which is enough for the parser to refuse it.
func readLine(in *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part[:min(len(part), max(0, limit+1-len(line)))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// jsonDocuments gives documents that stretch over lines. After a mistake in the syntax nothing more can be found.
func jsonDocuments(in *bufio.Reader) func() (factsText, bool) {
	lines := &lineCounter{in: in, line: 1}
	decoder := json.NewDecoder(lines)
	ended, n := false, 0
	return func() (factsText, bool) {
		if ended {
			return factsText{}, false
		}
		var text json.RawMessage
		n++
		if err := decoder.Decode(&text); err != nil {
			ended = true
			if errors.Is(err, io.EOF) {
				return factsText{}, false
			}
			return factsText{line: lines.line, err: errors.New("no JSON: the text cannot be parsed from here on")}, true
		}
		return factsText{line: n, text: text}, true
	}
}

type lineCounter struct {
	in   io.Reader
	line int
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	l.line += bytes.Count(p[:n], []byte("\n"))
	return n, err
}

// yamlDocuments gives the documents of a YAML stream, each with the line it begins at.
func yamlDocuments(in io.Reader) func() (factsText, bool) {
	decoder := yaml.NewDecoder(in)
	ended := false
	return func() (factsText, bool) {
		if ended {
			return factsText{}, false
		}
		node := new(yaml.Node)
		if err := decoder.Decode(node); err != nil {
			ended = true
			if errors.Is(err, io.EOF) {
				return factsText{}, false
			}
			return factsText{line: 1, err: errors.New("no YAML: the text cannot be parsed")}, true
		}
		return factsText{line: max(1, node.Line), node: node}, true
	}
}

// printOutcome prints an outcome for people.
func printOutcome(w *bytes.Buffer, o *filing.Outcome, facts *filing.Facts, lang string) {
	say := func(zh, en string) string { return filing.Text{ZH: zh, EN: en}.In(lang) }
	parties := checks.Parties{Applicant: facts.Text(filing.FactApplicantType)}
	section := func(title string, list []filing.Requirement) {
		if len(list) == 0 {
			return
		}
		_, _ = fmt.Fprintf(w, "%s\n", title)
		for _, r := range list {
			var names []string
			if r.Code != "" {
				names = append(names, checks.NameOf(r.Code).In(lang))
			}
			for _, code := range append(r.AnyOf, r.Material) {
				if m, ok := checks.MaterialOf(code); ok {
					names = append(names, m.Name.In(lang))
				}
			}
			_, _ = fmt.Fprintf(w, "  - %s", strings.Join(names, say(" 或 ", " or ")))
			if of := checks.PartyName(parties, r.Of).In(lang); of != "" {
				_, _ = fmt.Fprintf(w, say("（%s）", " (%s)"), of)
			}
			if r.Provisional {
				_, _ = fmt.Fprint(w, say("（暂定）", " (provisional)"))
			}
			_, _ = fmt.Fprintf(w, "  [%s]\n", strings.Join(r.Clauses, " "))
		}
	}
	section(say("所需资料", "Required"), o.Required)
	section(say("不予备案的原因", "Blockers"), o.Blockers)
	section(say("提示", "Notices"), o.Notices)
	if len(o.Ask) > 0 {
		_, _ = fmt.Fprintf(w, "%s\n  %s\n", say("还需要了解（最关键的在前）", "To be asked next, most decisive first"), strings.Join(o.Ask, "\n  "))
	}
	_, _ = fmt.Fprintf(w, "%s %s · %s %s\n", say("规则", "Rules"), shortHash(o.Rules), say("判断日期", "as of"), o.AsOf)
}

func shortHash(hash string) string { return hash[:min(len(hash), len("sha256:")+12)] }
