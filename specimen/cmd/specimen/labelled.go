package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/preflight-icp/preflight/specimen"
)

// entry is a line of truth.jsonl.
type entry struct {
	specimen.Case
	// File is the photo's path below the folder of truth.jsonl.
	File  string         `json:"file"`
	Truth specimen.Truth `json:"truth"`
}

// writeLabelled writes photos of a half into FOLDER/HALF/GROUP/NUMBER.jpg and a line for each into FOLDER/HALF/truth.jsonl. What
// has its line there already is not drawn again. Two are drawn at a time.
func writeLabelled(folder string, half specimen.Half, groups string, limit int) (int, error) {
	if !slices.Contains(specimen.Halves(), half) {
		return 0, fmt.Errorf("no half %q", half)
	}
	folder = filepath.Join(folder, string(half))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return 0, err
	}
	list := filepath.Join(folder, "truth.jsonl")
	have, err := listed(list)
	if err != nil {
		return 0, err
	}
	var todo []specimen.Case
	written := map[specimen.Group]int{}
	for _, c := range specimen.Cases(half) {
		if groups != "" && !slices.Contains(strings.Split(groups, ","), string(c.Group)) || limit > 0 && written[c.Group] >= limit {
			continue
		}
		written[c.Group]++
		if !have[c.ID] {
			todo = append(todo, c)
		}
	}
	out, err := os.OpenFile(list, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	err = drawAll(todo, func(c specimen.Case, l specimen.Labelled) error {
		name := strings.TrimPrefix(c.ID, string(half)+"/") + ".jpg"
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		if err := write(folder, name, l.File); err != nil {
			return err
		}
		line, err := json.Marshal(entry{c, name, l.Truth})
		if err != nil {
			return err
		}
		_, err = out.Write(append(line, '\n'))
		return err
	})
	return len(todo), errors.Join(err, out.Close())
}

// listed returns the ids that a list holds. A last line that was cut off is none; it is ended, so that the next begins anew.
func listed(list string) (map[string]bool, error) {
	have := map[string]bool{}
	data, err := os.ReadFile(list)
	if errors.Is(err, os.ErrNotExist) {
		return have, nil
	}
	if err != nil {
		return nil, err
	}
	if whole := data[:bytes.LastIndexByte(data, '\n')+1]; len(whole) < len(data) {
		if err := os.WriteFile(list, whole, 0o644); err != nil {
			return nil, err
		}
		data = whole
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", list, err)
		}
		have[e.ID] = true
	}
	return have, lines.Err()
}

// drawAll draws cases on two goroutines and hands each photo to done, in the order of the list.
func drawAll(cases []specimen.Case, done func(specimen.Case, specimen.Labelled) error) error {
	const workers = 2
	for at := 0; at < len(cases); at += workers {
		part := cases[at:min(at+workers, len(cases))]
		drawn, errs := make([]specimen.Labelled, len(part)), make([]error, len(part))
		var wg sync.WaitGroup
		for i, c := range part {
			wg.Go(func() { drawn[i], errs[i] = c.Draw() })
		}
		wg.Wait()
		for i, c := range part {
			if errs[i] != nil {
				return errs[i]
			}
			if err := done(c, drawn[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
