// Command skeleton prints the clauses of one province (or of the general chapters: G) as a file of rule data to be
// filled in: ids and digests, and the template of a clause that is worded alike elsewhere in the data. The sentences of
// the source are printed as comments with --text, for the one who writes; they must not be committed. With --fill it
// writes the digests that are missing into files of rule data instead.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/preflight-icp/preflight/rules"
	"github.com/preflight-icp/preflight/rules/seed"
)

func main() {
	folder := flag.String("seeds", "../shared/seeds", "folder of the source documents")
	data := flag.String("data", "rules/data", "folder of the rule data, to find clauses that are worded alike")
	text := flag.Bool("text", false, "print the sentences too")
	fill := flag.Bool("fill", false, "write missing digests into the files given")
	flag.Parse()
	if *fill {
		if err := fillDigests(*folder, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := run(*folder, *data, *text, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder, data string, text bool, province string) error {
	clauses, err := seed.Load(os.DirFS(folder))
	if err != nil {
		return err
	}
	alike := map[string]*rules.Clause{}
	if set, err := rules.Load(os.DirFS(data), rules.AllowMissingProvinces()); err == nil {
		for _, c := range set.Clauses() {
			if known := alike[c.SourceDigest]; known == nil || known.Template == "" {
				alike[c.SourceDigest] = c
			}
		}
	} else {
		fmt.Fprintln(os.Stderr, "the data does not load, so nothing is proposed:", err)
	}
	fmt.Printf("province: %s\nclauses:\n", province)
	for _, c := range clauses {
		if !strings.HasPrefix(c.ID, province) {
			continue
		}
		fmt.Printf("  %s:\n", c.ID)
		if text {
			fmt.Printf("    # %s\n", strings.ReplaceAll(c.Text, "\n", "\n    # "))
		}
		fmt.Printf("    digest: %s\n", c.Digest())
		switch known := alike[c.Digest()]; {
		case known == nil:
			fmt.Printf("    zh: \n    en: \n    rules:\n    -\n")
		case known.Template != "":
			fmt.Printf("    use: %s # as %s: give the same parameters (with:)\n", known.Template, known.ID)
		default:
			fmt.Printf("    # worded as %s\n", known.ID)
		}
	}
	return nil
}

var clauseLine = regexp.MustCompile(`^  ([A-Z][A-Za-z0-9_.]+): ?(\{?)`)

// fillDigests adds `digest:` to every clause that has none. It touches nothing else.
func fillDigests(folder string, files []string) error {
	clauses, err := seed.Load(os.DirFS(folder))
	if err != nil {
		return err
	}
	digests := map[string]string{}
	for _, c := range clauses {
		digests[c.ID] = c.Digest()
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("fill digests: %w", err)
		}
		lines := strings.Split(string(text), "\n")
		var out []string
		for i, line := range lines {
			m := clauseLine.FindStringSubmatch(line)
			digest := ""
			if m != nil {
				digest = digests[m[1]]
			}
			switch {
			case digest == "":
				out = append(out, line)
			case m[2] == "{":
				if !strings.Contains(line, "digest:") {
					line = strings.Replace(line, "{", "{digest: "+digest+", ", 1)
				}
				out = append(out, line)
			default:
				out = append(out, line)
				has := false
				for _, next := range lines[i+1:] {
					if clauseLine.MatchString(next) {
						break
					}
					has = has || strings.HasPrefix(next, "    digest:")
				}
				if !has {
					out = append(out, "    digest: "+digest)
				}
			}
		}
		if err := os.WriteFile(name, []byte(strings.Join(out, "\n")), 0o644); err != nil {
			return fmt.Errorf("fill digests: %w", err)
		}
	}
	return nil
}
